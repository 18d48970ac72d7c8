package dev.mailbell.delivery.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.client.ClientStore;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.delivery.SteppedClock;
import dev.mailbell.delivery.TestDeliverySettings;
import dev.mailbell.delivery.TestWebhooks;
import dev.mailbell.delivery.endpoint.DeliveryPermits.Kind;
import dev.mailbell.delivery.endpoint.EndpointHealth.Call;
import dev.mailbell.delivery.endpoint.EndpointHealth.Snapshot;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.log.Attempt.Fault;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointHealthTest {
    private static final UUID WEBHOOK = Ids.next();
    private static final int LIMIT = 10;

    private final SteppedClock clock = new SteppedClock();
    private final DeliveryPermits<Object> permits = new DeliveryPermits<>(queue -> {});
    private final EndpointHealth health = health(State.ENABLED, Health.GOOD);

    private EndpointHealth health(State state, Health stored) {
        return new EndpointHealth(
                row(state, stored),
                new TestDeliverySettings() {
                    @Override
                    public int concurrency() {
                        return LIMIT;
                    }
                },
                clock,
                new SplittableRandom(3));
    }

    private Webhook row(State state, Health stored) {
        return TestWebhooks.webhook(WEBHOOK, state, stored, clock.instant());
    }

    private static Health paused(Instant until) {
        return new Health(null, 0, null, until, null, 0, true);
    }

    private Optional<Call> tryBegin() {
        Delivery delivery =
                new Delivery(Ids.next(), WEBHOOK, null, null, 0, 0, clock.instant(), "{}", true);
        return health.tryBegin(
                row(State.ENABLED, Health.GOOD),
                delivery,
                new ShardFence(0, 0),
                permits,
                "queue",
                false);
    }

    private List<Call> beginAll() {
        List<Call> calls = new ArrayList<>();
        for (Optional<Call> call = tryBegin(); call.isPresent(); call = tryBegin()) {
            calls.add(call.get());
        }
        return calls;
    }

    private Snapshot end(Call call, Attempt attempt, boolean hasMore) {
        call.permit().close();
        return health.ended(call, attempt, hasMore);
    }

    private Attempt success(Duration duration) {
        return new Attempt(clock.instant(), duration, 204, "", null, null, null);
    }

    private Attempt failure(int status, @Nullable Duration retryAfter) {
        return new Attempt(
                clock.instant(), Duration.ZERO, status, "", "no", retryAfter, Fault.REFUSED);
    }

    private void endAll(List<Call> calls, Duration duration) {
        calls.forEach(call -> end(call, success(duration), true));
    }

    @Test
    void fast_successes_double_the_concurrency_up_to_the_configured_limit() {
        List<Call> calls = beginAll();
        assertThat(calls).hasSize(2);
        end(calls.get(0), success(Duration.ZERO), true);
        assertThat(beginAll()).hasSize(3);
        end(calls.get(1), success(Duration.ZERO), true);
        assertThat(beginAll()).hasSize(8 - 3);
        assertThat(health.prefetch()).isEqualTo(8 * 24);
    }

    @Test
    void the_configured_limit_of_calls_is_not_exceeded() {
        for (int i = 0; i < 5; i++) {
            endAll(beginAll(), Duration.ZERO);
        }
        assertThat(beginAll()).hasSize(LIMIT);
    }

    @Test
    void a_success_that_takes_a_second_raises_the_concurrency_by_one() {
        Call call = tryBegin().orElseThrow();
        end(call, success(Duration.ofSeconds(1)), true);
        assertThat(beginAll()).hasSize(3);
    }

    @Test
    void without_more_to_send_the_concurrency_halves_down_to_two() {
        endAll(beginAll(), Duration.ZERO);
        assertThat(health.prefetch()).isEqualTo(8 * 24);
        for (int i = 0; i < 3; i++) {
            end(tryBegin().orElseThrow(), success(Duration.ZERO), false);
        }
        assertThat(beginAll()).hasSize(2);
    }

    @Test
    void after_a_failure_one_call_is_under_way_at_a_time() {
        endAll(beginAll(), Duration.ZERO);
        end(tryBegin().orElseThrow(), failure(500, null), true);
        assertThat(health.isHealthy()).isFalse();
        assertThat(beginAll()).hasSize(1);
        assertThat(health.prefetch()).isEqualTo(32);
    }

    @Test
    void an_endpoint_is_slow_when_it_fails_or_has_a_call_that_is_older_than_a_second() {
        assertThat(health.isSlow()).isFalse();
        Call call = tryBegin().orElseThrow();
        clock.step(Duration.ofSeconds(1));
        assertThat(health.isSlow()).isFalse();
        clock.step(Duration.ofMillis(1));
        assertThat(health.isSlow()).isTrue();
        end(call, success(Duration.ofSeconds(1)), false);
        assertThat(health.isSlow()).isFalse();
        end(tryBegin().orElseThrow(), failure(500, null), false);
        assertThat(health.isSlow()).isTrue();
    }

    @Test
    void a_slow_endpoint_takes_permits_of_the_slow_share() {
        for (int i = 0; i < DeliveryPermits.ALL / 4; i++) {
            assertThat(permits.tryAcquire(ClientStore.DEFAULT, "other", Kind.SLOW)).isPresent();
        }
        assertThat(tryBegin()).isPresent();
        clock.step(Duration.ofSeconds(2));
        assertThat(tryBegin()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {429, 502, 503, 504})
    void an_overload_status_pauses_for_the_time_that_it_asks_for(int status) {
        Snapshot snapshot =
                end(tryBegin().orElseThrow(), failure(status, Duration.ofMinutes(10)), true);
        assertThat(snapshot.pausedUntil()).isEqualTo(clock.instant().plus(Duration.ofMinutes(10)));
        assertThat(tryBegin()).isEmpty();
        clock.step(Duration.ofMinutes(10));
        assertThat(tryBegin()).isPresent();
    }

    @Test
    void a_pause_is_the_configured_floor_at_least_and_a_day_at_most() {
        Call first = tryBegin().orElseThrow();
        Call second = tryBegin().orElseThrow();
        assertThat(end(first, failure(503, Duration.ofSeconds(1)), true).pausedUntil())
                .isEqualTo(clock.instant().plusSeconds(60));
        assertThat(end(second, failure(503, Duration.ofDays(100)), true).pausedUntil())
                .isEqualTo(clock.instant().plus(Duration.ofDays(1)));
    }

    @Test
    void a_refresh_never_shortens_a_pause() {
        end(tryBegin().orElseThrow(), failure(503, Duration.ofMinutes(10)), true);
        health.refresh(row(State.ENABLED, paused(clock.instant().plusSeconds(1))));
        clock.step(Duration.ofMinutes(5));
        assertThat(health.isBlocked()).isTrue();
        health.refresh(row(State.ENABLED, paused(clock.instant().plus(Duration.ofMinutes(20)))));
        clock.step(Duration.ofMinutes(10));
        assertThat(health.isBlocked()).isTrue();
    }

    @Test
    void status_410_disables_at_once() {
        end(tryBegin().orElseThrow(), failure(410, null), true);
        assertThat(health.isDisabled()).isTrue();
        assertThat(tryBegin()).isEmpty();
    }

    @Test
    void an_abandoned_call_pauses_for_five_seconds_and_is_no_failure() {
        Call call = tryBegin().orElseThrow();
        call.permit().close();
        health.abandoned(call);
        assertThat(health.isHealthy()).isTrue();
        assertThat(tryBegin()).isEmpty();
        clock.step(Duration.ofSeconds(5));
        assertThat(tryBegin()).isPresent();
    }

    @Test
    void five_unanswered_calls_open_the_breaker_which_is_part_of_the_snapshot() {
        Attempt unanswered =
                new Attempt(
                        clock.instant(), Duration.ZERO, null, null, "no", null, Fault.UNREACHABLE);
        for (int i = 0; i < 4; i++) {
            assertThat(end(tryBegin().orElseThrow(), unanswered, true).breaker().openings())
                    .isZero();
        }
        Snapshot last = end(tryBegin().orElseThrow(), unanswered, true);
        assertThat(last.breaker().openings()).isOne();
        assertThat(last.breaker().until()).isAfter(clock.instant());
        assertThat(health.isBlocked()).isTrue();
    }

    @Test
    void stored_times_of_a_wrong_clock_block_for_a_day_or_72_minutes_at_most() {
        Instant absurd = clock.instant().plus(Duration.ofDays(10_000));
        EndpointHealth paused = health(State.ENABLED, paused(absurd));
        EndpointHealth open =
                health(State.FAILING, new Health(null, 9, null, null, absurd, 3, false));
        assertThat(paused.isBlocked()).isTrue();
        assertThat(open.isBlocked()).isTrue();
        clock.step(Duration.ofMinutes(72));
        assertThat(open.isBlocked()).isFalse();
        clock.step(Duration.ofDays(1));
        assertThat(paused.isBlocked()).isFalse();
    }
}
