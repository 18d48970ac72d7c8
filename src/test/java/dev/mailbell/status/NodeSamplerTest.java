package dev.mailbell.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.watch.account.AccountModes;
import dev.mailbell.watch.host.HostStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** On a clock that only the test moves. */
class NodeSamplerTest {
    private static final Instant START = Instant.ofEpochSecond(1_700_000_010);

    private final PrometheusMeterRegistry meters =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final AtomicLong seconds = new AtomicLong();
    private final AtomicInteger counted = new AtomicInteger();
    private List<HostStatus> hosts = List.of();

    private final NodeSampler sampler =
            new NodeSampler(
                    new NodeSampler.Parts(
                            new MeterSums(meters),
                            () -> hosts,
                            () -> new AccountModes(1, 2, 3),
                            client -> new AccountModes(counted.incrementAndGet(), 0, 0),
                            () -> Duration.ofMillis(1_500),
                            () -> true,
                            () -> START.plusSeconds(seconds.get()),
                            () -> TimeUnit.SECONDS.toNanos(seconds.get())));

    private static HostStatus host(String name, int connections, long logins, int inRow) {
        FailureCode failure = inRow == 0 ? null : FailureCode.TIMEOUT;
        return new HostStatus(
                name,
                connections,
                0,
                0,
                0,
                Integer.MAX_VALUE,
                logins,
                inRow,
                failure,
                TimeUnit.SECONDS.toNanos(4));
    }

    private void check(String outcome) {
        Timer.builder("mailbell.look")
                .tag("outcome", outcome)
                .register(meters)
                .record(Duration.ofMillis(3));
    }

    @Test
    void checks_deliveries_and_times_come_from_the_meters() {
        Timer posts =
                Timer.builder("mailbell.deliveries.commit.to.post")
                        .serviceLevelObjectives(
                                MeterSums.STEPS.stream()
                                        .map(step -> Duration.ofMillis(step.longValue()))
                                        .toArray(Duration[]::new))
                        .register(meters);
        Gauge.builder("mailbell.deliveries.oldest.pending.seconds", () -> 12).register(meters);
        meters.counter("mailbell.deliveries.attempts", "outcome", "delivered").increment(3);
        sampler.sample();
        check("mail");
        check("nothing");
        check("timeout");
        meters.counter("mailbell.deliveries.attempts", "outcome", "delivered").increment(4);
        meters.counter("mailbell.deliveries.attempts", "outcome", "refused").increment();
        IntStream.range(0, 100).forEach(i -> posts.record(Duration.ofMillis(20)));
        meters.timer("mailbell.arrival.to.commit").record(Duration.ofSeconds(2));
        seconds.addAndGet(5);
        sampler.sample();
        NodeStatus now = sampler.now();
        assertThat(now.lastHour()).hasSize(1);
        Point point = now.lastHour().getFirst();
        assertThat(point.checks()).isEqualTo(3);
        assertThat(point.failedChecks()).isEqualTo(1);
        assertThat(point.delivered()).isEqualTo(4);
        assertThat(point.failedPosts()).isEqualTo(1);
        assertThat(point.postMillis(0.5, MeterSums.STEPS)).isBetween(5.0, 25.0);
        assertThat(point.oldestPending()).isEqualTo(12);
        assertThat(point.arrivals()).isEqualTo(1);
        assertThat(point.arrivalSeconds()).isEqualTo(2);
        assertThat(now.oldestDueSeconds()).isEqualTo(1.5);
        assertThat(now.configurationRefused()).isTrue();
        assertThat(sampler.modes(UUID.randomUUID())).isEqualTo(new AccountModes(1, 0, 0));
    }

    @Test
    void hosts_in_trouble_come_first_with_their_logins_of_the_last_minute() {
        for (int i = 0; i <= 20; i++) {
            hosts = List.of(host("busy", 90, 0, 0), host("ill", 2, 10L * i, 3));
            sampler.sample();
            seconds.addAndGet(5);
        }
        NodeStatus now = sampler.now();
        assertThat(now.hosts())
                .extracting(NodeStatus.HostView::name)
                .containsExactly("ill", "busy");
        assertThat(now.hosts().getFirst().isInTrouble()).isTrue();
        assertThat(now.hosts().getFirst().loginsPerSecond()).isEqualTo(2);
        assertThat(now.hosts().getFirst().lastFailure()).isEqualTo("timeout");
        assertThat(now.hosts().getFirst().lastFailureAt())
                .isEqualTo(START.plusSeconds(seconds.get() - 4));
        assertThat(now.hosts().getFirst().mostConnections()).isNull();
    }

    @Test
    void very_many_hosts_are_counted_and_not_all_shown() {
        hosts = IntStream.range(0, 2_000).mapToObj(i -> host("h" + i, i, 0, 0)).toList();
        NodeStatus now = sampler.now();
        assertThat(now.hosts()).hasSize(NodeStatus.MAX_HOSTS);
        assertThat(now.hosts().getFirst().name()).isEqualTo("h1999");
        assertThat(now.hostCount()).isEqualTo(2_000);
    }

    @Test
    void the_accounts_of_a_client_are_counted_once_in_four_seconds() {
        UUID client = new UUID(1, 1);
        assertThat(sampler.modes(client).pushing()).isEqualTo(1);
        seconds.addAndGet(3);
        assertThat(sampler.modes(client).pushing()).isEqualTo(1);
        assertThat(sampler.modes(new UUID(2, 2)).pushing()).isEqualTo(2);
        seconds.addAndGet(1);
        assertThat(sampler.modes(client).pushing()).isEqualTo(3);
    }
}
