package dev.mailbell.delivery.endpoint;

import static dev.mailbell.delivery.endpoint.DeliveryPermits.ALL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.delivery.endpoint.DeliveryPermits.Kind;
import dev.mailbell.delivery.endpoint.DeliveryPermits.Permit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class DeliveryPermitsTest {
    private static final UUID CLIENT = new UUID(0, 1);
    private static final UUID OTHER = new UUID(0, 2);

    private final List<String> granted = new ArrayList<>();
    private final Map<String, Kind> wanted = new HashMap<>();
    private final Deque<Permit> acquired = new ArrayDeque<>();
    private Consumer<String> onGranted = this::acquire;
    private final DeliveryPermits<String> permits =
            new DeliveryPermits<>(queue -> onGranted.accept(queue));

    /** What a queue does that gets a grant: it acquires a permit of the kind it wanted. */
    private void acquire(String queue) {
        granted.add(queue);
        Kind kind = Objects.requireNonNull(wanted.get(queue));
        UUID client = queue.startsWith("other") ? OTHER : CLIENT;
        acquired.add(permits.tryAcquire(client, queue, kind).orElseThrow());
    }

    private void fill(Kind kind, int count) {
        for (int i = 0; i < count; i++) {
            acquired.add(permits.tryAcquire(CLIENT, "filler", kind).orElseThrow());
        }
    }

    private void assertWaits(String queue, Kind kind) {
        wanted.put(queue, kind);
        assertThat(permits.tryAcquire(CLIENT, queue, kind)).isEmpty();
    }

    @Test
    void slow_endpoints_get_a_quarter_and_a_backlog_a_half_of_the_permits() {
        fill(Kind.SLOW, ALL / 4);
        assertThat(permits.tryAcquire(CLIENT, "a", Kind.SLOW)).isEmpty();
        fill(Kind.BACKLOG, ALL / 2);
        assertThat(permits.tryAcquire(CLIENT, "a", Kind.BACKLOG)).isEmpty();
        fill(Kind.FRESH, ALL / 4);
        assertThat(permits.tryAcquire(CLIENT, "a", Kind.FRESH)).isEmpty();
        assertThat(permits.taken()).isEqualTo(ALL);
    }

    @Test
    void a_closed_permit_is_granted_to_the_queue_that_waits_longest() {
        fill(Kind.SLOW, ALL / 4);
        assertWaits("first", Kind.SLOW);
        assertWaits("second", Kind.SLOW);
        acquired.remove().close();
        assertThat(granted).containsExactly("first");
        acquired.remove().close();
        assertThat(granted).containsExactly("first", "second");
    }

    @Test
    void grants_alternate_between_the_kinds_that_wait() {
        fill(Kind.FRESH, ALL);
        assertWaits("fresh 1", Kind.FRESH);
        assertWaits("fresh 2", Kind.FRESH);
        assertWaits("backlog 1", Kind.BACKLOG);
        assertWaits("backlog 2", Kind.BACKLOG);
        assertWaits("slow 1", Kind.SLOW);
        for (int i = 0; i < 5; i++) {
            acquired.remove().close();
        }
        assertThat(granted)
                .containsExactly("fresh 1", "backlog 1", "slow 1", "fresh 2", "backlog 2");
    }

    @Test
    void a_grant_that_its_queue_does_not_use_goes_to_the_next_one() {
        fill(Kind.SLOW, ALL / 4);
        assertWaits("idle", Kind.SLOW);
        assertWaits("busy", Kind.SLOW);
        onGranted =
                queue -> {
                    granted.add(queue);
                    if (queue.equals("busy")) {
                        assertThat(permits.tryAcquire(CLIENT, queue, Kind.SLOW)).isPresent();
                    }
                };
        acquired.remove().close();
        assertThat(granted).containsExactly("idle", "busy");
        assertThat(permits.taken()).isEqualTo(ALL / 4);
    }

    @Test
    void a_permit_that_no_queue_uses_is_free_again() {
        fill(Kind.SLOW, ALL / 4);
        assertWaits("idle", Kind.SLOW);
        onGranted = granted::add;
        acquired.remove().close();
        assertThat(granted).containsExactly("idle");
        assertThat(permits.taken()).isEqualTo(ALL / 4 - 1);
        assertThat(permits.tryAcquire(CLIENT, "other", Kind.SLOW)).isPresent();
    }

    @Test
    void a_permit_that_is_closed_twice_is_released_once() {
        fill(Kind.FRESH, 2);
        Permit permit = acquired.remove();
        permit.close();
        permit.close();
        assertThat(permits.taken()).isOne();
    }

    @Test
    void the_wait_for_the_last_permit_ends_when_it_is_closed() throws Exception {
        fill(Kind.FRESH, 1);
        assertThat(permits.awaitNone(TimeUnit.MILLISECONDS.toNanos(5))).isFalse();
        CompletableFuture<Boolean> none = new CompletableFuture<>();
        Thread waiter =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                none.complete(permits.awaitNone(TimeUnit.MINUTES.toNanos(1)));
                            } catch (InterruptedException e) {
                                none.completeExceptionally(e);
                            }
                        });
        acquired.remove().close();
        assertThat(none.get(1, TimeUnit.MINUTES)).isTrue();
        waiter.join();
    }

    @Test
    void a_client_with_ten_thousand_waiting_webhooks_does_not_delay_anothers() {
        fill(Kind.SLOW, ALL / 4);
        for (int i = 0; i < 10_000; i++) {
            assertWaits("dead " + i, Kind.SLOW);
        }
        wanted.put("other", Kind.SLOW);
        assertThat(permits.tryAcquire(OTHER, "other", Kind.SLOW)).isEmpty();
        acquired.remove().close();
        assertThat(granted).isEqualTo(List.of("other"));
    }

    @Test
    void permits_of_each_kind_are_left_to_a_client_that_has_few() {
        permits.tryAcquire(OTHER, "other", Kind.SLOW).orElseThrow().close();
        for (Kind kind : List.of(Kind.SLOW, Kind.BACKLOG)) {
            int taken = 0;
            while (permits.tryAcquire(CLIENT, "dead", kind).isPresent()) {
                taken++;
            }
            assertThat(taken).isLessThan(kind == Kind.SLOW ? ALL / 4 : ALL / 2);
            assertThat(permits.tryAcquire(OTHER, "other", kind)).isPresent();
        }
        int fresh = 0;
        while (permits.tryAcquire(CLIENT, "hanging", Kind.FRESH).isPresent()) {
            fresh++;
        }
        assertThat(fresh).isPositive();
        assertThat(permits.tryAcquire(OTHER, "other", Kind.FRESH)).isPresent();
    }
}
