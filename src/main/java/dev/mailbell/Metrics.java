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
 * The daemon's metrics: those of the process, and those that its parts register. Every name gets
 * the prefix {@code mailbell}. Above 10,000 meters no more are registered, so that unbounded labels
 * cannot exhaust the memory.
 */
final class Metrics implements AutoCloseable {
    private static final String PREFIX = "mailbell.";

    /** Micrometer's meters that {@link #bindRenamed} registers under better names. */
    private static final Set<String> RENAMED =
            Set.of("mailbell.process.cpu.time", "mailbell.system.cpu.count");

    private static final double NANOS_PER_SECOND = 1e9;
    private static final int MAX_METERS = 10_000;

    private final ScrapeSafeRegistry registry = new ScrapeSafeRegistry();
    private final JvmGcMetrics garbageCollection = new JvmGcMetrics();

    Metrics(String version) {
        registry.config()
                .meterFilter(MeterFilter.deny(id -> RENAMED.contains(id.getName())))
                .meterFilter(new Prefix())
                .meterFilter(MeterFilter.maximumAllowableMetrics(MAX_METERS));
        List<MeterBinder> process =
                List.of(
                        new JvmMemoryMetrics(),
                        garbageCollection,
                        new JvmThreadMetrics(),
                        new ProcessorMetrics(),
                        new FileDescriptorMetrics(),
                        new UptimeMetrics());
        process.forEach(binder -> binder.bindTo(registry));
        bindRenamed();
        Gauge.builder("build.info", () -> 1)
                .description("Which Mailbell and which Java this is; always 1")
                .tag("version", version)
                .tag("java", Runtime.version().toString())
                .register(registry);
    }

    /** Meters whose Micrometer names break Prometheus's conventions, under conforming names. */
    private void bindRenamed() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
            FunctionCounter.builder(
                            "process.cpu", system, it -> it.getProcessCpuTime() / NANOS_PER_SECOND)
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

    /** The registry with which the daemon's parts register their meters. */
    MeterRegistry registry() {
        return registry;
    }

    /** All metrics, in Prometheus's text format. */
    String scrape() {
        return registry.scrape();
    }

    @Override
    public void close() {
        garbageCollection.close();
        registry.close();
    }
}
