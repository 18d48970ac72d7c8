package dev.mailbell;

import com.sun.management.OperatingSystemMXBean;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Set;

/**
 * What can be counted of a running daemon: the process itself, and what the rooms register. Every
 * name is given the prefix {@code mailbell}. Labels that grow without bound lose series, not
 * memory: past 10,000 meters no more are taken.
 */
final class Metrics implements AutoCloseable {
    private static final String PREFIX = "mailbell.";

    /** By the names that they are given, with the prefix. */
    private static final Set<String> RENAMED =
            Set.of("mailbell.process.cpu.time", "mailbell.system.cpu.count");

    private static final double NANOS_A_SECOND = 1e9;
    private static final int MOST_METERS = 10_000;

    private final SteadyRegistry registry = new SteadyRegistry();
    private final JvmGcMetrics collections = new JvmGcMetrics();

    Metrics(String version) {
        registry.config()
                .meterFilter(MeterFilter.deny(id -> RENAMED.contains(id.getName())))
                .meterFilter(new Prefix())
                .meterFilter(MeterFilter.maximumAllowableMetrics(MOST_METERS));
        List<MeterBinder> process =
                List.of(
                        new JvmMemoryMetrics(),
                        collections,
                        new JvmThreadMetrics(),
                        new ProcessorMetrics(),
                        new FileDescriptorMetrics(),
                        new UptimeMetrics());
        process.forEach(binder -> binder.bindTo(registry));
        renamed();
        Gauge.builder("build.info", () -> 1)
                .description("Which Mailbell and which Java this is; always 1")
                .tag("version", version)
                .tag("java", Runtime.version().toString())
                .register(registry);
    }

    /** What Micrometer names against Prometheus's conventions, by names that follow them. */
    private void renamed() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
            FunctionCounter.builder(
                            "process.cpu", system, it -> it.getProcessCpuTime() / NANOS_A_SECOND)
                    .description("CPU time of the process")
                    .baseUnit("seconds")
                    .register(registry);
        }
        Gauge.builder("system.cpus", Runtime.getRuntime(), Runtime::availableProcessors)
                .description("Processors that the process may use")
                .register(registry);
    }

    private static final class Prefix implements MeterFilter {
        @Override
        public Meter.Id map(Meter.Id id) {
            return id.getName().startsWith(PREFIX) ? id : id.withName(PREFIX + id.getName());
        }
    }

    /** For the rooms to register their meters with. */
    MeterRegistry registry() {
        return registry;
    }

    /** Everything, in Prometheus's text format. */
    String scrape() {
        return registry.scrape();
    }

    @Override
    public void close() {
        collections.close();
        registry.close();
    }
}
