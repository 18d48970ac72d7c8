package dev.mailbell;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MetricsTest {
    private final Metrics metrics = new Metrics("1.2.3");

    @AfterEach
    void close() {
        metrics.close();
    }

    @Test
    void the_cpu_is_counted_in_seconds_under_one_name() {
        assertThat(metrics.scrape())
                .contains("mailbell_process_cpu_seconds_total", "mailbell_system_cpus")
                .doesNotContain("cpu_time_ns", "cpu_count");
    }

    @Test
    void gauges_that_are_registered_again_never_break_a_scrape() throws InterruptedException {
        AtomicBoolean done = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread maker =
                Thread.ofPlatform()
                        .start(() -> {
                            MultiGauge hosts =
                                    MultiGauge.builder("host.connections")
                                            .description("of a host")
                                            .register(metrics.registry());
                            try {
                                for (int round = 0; !done.get(); round++) {
                                    int shown = round % 3;
                                    List<MultiGauge.Row<?>> rows =
                                            IntStream.range(0, shown)
                                                    .<MultiGauge.Row<?>>mapToObj(i ->
                                                            MultiGauge.Row.of(
                                                                    Tags.of("host", "h" + i), i))
                                                    .toList();
                                    hosts.register(rows, true);
                                }
                            } catch (RuntimeException | Error e) {
                                failure.set(e);
                            }
                        });
        try {
            for (int scrape = 0; scrape < 300; scrape++) {
                String text = metrics.scrape();
                List<String> series =
                        text.lines()
                                .filter(line -> line.startsWith("mailbell_host_connections"))
                                .map(line -> line.substring(0, line.lastIndexOf(' ')))
                                .toList();
                assertThat(series).doesNotHaveDuplicates();
            }
        } finally {
            done.set(true);
            maker.join();
        }
        assertThat(failure.get()).isNull();
    }
}
