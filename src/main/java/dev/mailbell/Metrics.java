package dev.mailbell;

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
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;

/**
 * What can be counted of a running daemon: the process itself, and what the rooms register. Every
 * name is given the prefix {@code mailbell}. Labels that grow without bound lose series, not
 * memory: past 10,000 meters no more are taken.
 */
final class Metrics implements AutoCloseable {
    private static final String PREFIX = "mailbell.";
    private static final int MOST_METERS = 10_000;

    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();

    Metrics(String version) {
        registry.config()
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
        Gauge.builder("build.info", () -> 1)
                .description("Which Mailbell and which Java this is; always 1")
                .tag("version", version)
                .tag("java", Runtime.version().toString())
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
