package dev.mailbell.delivery.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.cluster.TestOwnership;
import dev.mailbell.delivery.SteppedClock;
import dev.mailbell.delivery.TestDeliverySettings;
import dev.mailbell.delivery.TestWebhooks;
import dev.mailbell.delivery.endpoint.DeliveryPermits;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.delivery.endpoint.EndpointHealth;
import dev.mailbell.delivery.endpoint.EndpointHealth.Call;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.queue.DeliveryStore.Page;
import dev.mailbell.event.Ids;
import dev.mailbell.fairness.ActingClient;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A commit, its offer to the queue, a read of the table and the end of an attempt can happen in
 * many orders: a delivery is sent once in each of them. The test makes the steps of the threads one
 * by one.
 */
class WebhookQueueTest {
    private static final UUID WEBHOOK = Ids.next();
    private static final UUID ACCOUNT = Ids.next();

    private static final DeliverySettings SETTINGS = new TestDeliverySettings();

    private final SteppedClock clock = new SteppedClock();
    private final CommitSequence commits = new CommitSequence();
    private final DeliveryPermits<WebhookQueue> permits = new DeliveryPermits<>(waiting -> {});
    private final TestOwnership ownership = new TestOwnership();
    private WebhookQueue queue = newQueue();
    private long nanos;

    @BeforeEach
    void open() {
        attach(Health.GOOD);
    }

    private WebhookQueue newQueue() {
        return new WebhookQueue(
                WEBHOOK,
                ActingClient.NODE,
                commits,
                ownership,
                webhook -> new EndpointHealth(webhook, SETTINGS, clock, new Random(1)),
                clock.instant());
    }

    /** A new queue whose webhook is attached; the table is empty. */
    private void open(WebhookQueue fresh) {
        open(fresh, Health.GOOD);
    }

    private void open(WebhookQueue fresh, Health health) {
        queue = fresh;
        attach(health);
    }

    private void attach(Health health) {
        int epoch = beginRefill();
        queue.attach(epoch, queue.attached().asked(), webhook(health));
        queue.refill(epoch, page());
    }

    private Webhook webhook(Health health) {
        return TestWebhooks.webhook(WEBHOOK, State.ENABLED, health, clock.instant());
    }

    private static Page page(Delivery... due) {
        return new Page(List.of(due), Set.of(), false, null);
    }

    private Delivery committed(String mailbox) {
        return new Delivery(
                Ids.next(), WEBHOOK, ACCOUNT, mailbox, 1, 0, clock.instant(), "{}", true);
    }

    /** The delivery as a page of the table has it. */
    private static Delivery read(Delivery delivery) {
        return new Delivery(
                delivery.id(),
                WEBHOOK,
                delivery.accountId(),
                delivery.mailbox(),
                delivery.shard(),
                delivery.attempts(),
                delivery.nextAttemptAt(),
                delivery.payload(),
                false);
    }

    private int beginRefill() {
        return queue.beginRefill(clock.instant(), nanos);
    }

    private void bring(Delivery delivery) {
        queue.markStale(delivery.id());
        queue.refill(beginRefill(), page(read(delivery)));
    }

    private Delivery sent() {
        List<Call> calls = queue.begin(permits);
        assertThat(calls).hasSize(1);
        ended(calls.getFirst());
        return calls.getFirst().delivery();
    }

    private void ended(Call call) {
        queue.calls()
                .ended(
                        call,
                        new Attempt(clock.instant(), Duration.ZERO, 204, "", null, null, null));
        call.permit().close();
    }

    private void assertNothingToSend() {
        assertThat(queue.begin(permits)).isEmpty();
    }

    @Test
    void a_delivery_that_a_page_brought_and_was_delivered_is_not_sent_when_it_is_offered() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        queue.calls().completed(sent(), clock.instant());
        assertThat(queue.offer(late, begun, clock.instant())).isTrue();
        assertNothingToSend();
    }

    @Test
    void a_delivery_that_a_page_brought_and_is_under_way_is_not_sent_when_it_is_offered() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        Delivery underWay = sent();
        queue.offer(late, begun, clock.instant());
        assertNothingToSend();
        queue.calls().completed(underWay, clock.instant());
        assertNothingToSend();
    }

    @Test
    void a_delivery_that_a_page_brought_and_waits_is_sent_once_when_it_is_offered() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        queue.offer(late, begun, clock.instant());
        queue.calls().completed(sent(), clock.instant());
        assertNothingToSend();
    }

    @Test
    void a_delivery_that_a_page_brought_and_failed_waits_for_its_retry_when_it_is_offered() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        queue.calls().retryAt(sent(), clock.instant().plusSeconds(5));
        queue.offer(late, begun, clock.instant());
        assertNothingToSend();
        clock.step(Duration.ofSeconds(6));
        queue.refill(beginRefill(), page(read(late)));
        queue.calls().completed(sent(), clock.instant());
        assertNothingToSend();
    }

    @Test
    void a_delivery_that_was_offered_and_delivered_during_a_read_is_not_sent_from_the_page() {
        Delivery fresh = committed("INBOX");
        queue.markStale(Ids.next());
        int epoch = beginRefill();
        queue.offer(fresh, commits.next(), clock.instant());
        queue.calls().completed(sent(), clock.instant());
        queue.refill(epoch, page(read(fresh)));
        assertNothingToSend();
    }

    @Test
    void a_delivery_under_way_at_a_reset_is_not_sent_from_the_next_page() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        Delivery underWay = sent();
        queue.reset();
        int epoch = beginRefill();
        queue.attach(epoch, queue.attached().asked(), webhook(Health.GOOD));
        queue.refill(epoch, page(read(late)));
        assertNothingToSend();
        queue.calls().completed(underWay, clock.instant());
        assertNothingToSend();
        queue.offer(late, begun, clock.instant());
        assertNothingToSend();
    }

    @Test
    void a_page_that_was_read_before_a_reset_is_ignored() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        queue.markStale(late.id());
        int old = beginRefill();
        queue.reset();
        queue.refill(old, page(read(late)));
        attach(Health.GOOD);
        assertNothingToSend();
        // The offer is looked up in the table.
        queue.offer(late, begun, clock.instant());
        assertNothingToSend();
        queue.refill(beginRefill(), page(read(late)));
        queue.calls().completed(sent(), clock.instant());
        assertNothingToSend();
    }

    @Test
    void what_waits_of_a_released_shard_is_forgotten_and_not_brought_back_by_an_older_page() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        queue.offer(committed("Sent"), begun, clock.instant());
        queue.markStale(late.id());
        int old = beginRefill();
        ownership.release(1);
        queue.released(Set.of(1));
        ownership.acquire(1, 5);
        queue.refill(old, page(read(late)));
        assertNothingToSend();
        queue.offer(late, begun, clock.instant());
        assertNothingToSend();
        queue.refill(beginRefill(), page(read(late)));
        assertThat(sent().id()).isEqualTo(late.id());
    }

    @Test
    void of_a_shard_that_may_not_begin_nothing_is_added_and_the_table_is_read_later() {
        ownership.release(1);
        queue.offer(committed("INBOX"), commits.next(), clock.instant());
        int epoch = beginRefill();
        assertThat(epoch).isNotNegative();
        Delivery late = committed("INBOX");
        queue.refill(epoch, page(read(late)));
        assertNothingToSend();
        ownership.acquire(1, 0);
        queue.refill(beginRefill(), page(read(late)));
        queue.calls().completed(sent(), clock.instant());
        assertNothingToSend();
    }

    @Test
    void a_delivery_whose_outcome_was_dropped_is_read_again_with_those_after_it() {
        Delivery first = committed("INBOX");
        Delivery second = committed("INBOX");
        bring(first);
        bring(second);
        queue.calls().dropped(sent());
        assertNothingToSend();
        queue.refill(beginRefill(), page(read(first), read(second)));
        queue.calls().completed(sent(), clock.instant());
        assertThat(sent().id()).isEqualTo(second.id());
    }

    @Test
    void nothing_begins_between_a_change_of_the_webhook_and_the_read_of_its_row() {
        queue.offer(committed("INBOX"), commits.next(), clock.instant());
        queue.outdate();
        assertNothingToSend();
        int asked = queue.attached().asked();
        int epoch = beginRefill();
        // A change after the read of the row began.
        queue.outdate();
        queue.attach(epoch, asked, webhook(Health.GOOD));
        assertNothingToSend();
        queue.attach(epoch, queue.attached().asked(), webhook(Health.GOOD));
        queue.refill(epoch, page());
        queue.calls().completed(sent(), clock.instant());
    }

    @Test
    void a_change_by_the_client_that_an_outcome_brings_is_read_and_ends_a_pause() {
        queue.attached()
                .written(
                        TestWebhooks.webhook(
                                WEBHOOK,
                                State.FAILING,
                                new Health(
                                        null,
                                        1,
                                        null,
                                        clock.instant().plusSeconds(60),
                                        null,
                                        0,
                                        false),
                                clock.instant()));
        assertThat(queue.attached().isBlocked()).isTrue();
        Webhook enabled =
                TestWebhooks.webhook(
                        WEBHOOK, State.ENABLED, Health.UNKNOWN, clock.instant().plusSeconds(1));
        queue.attached().written(enabled);
        assertThat(queue.attached().isOutdated()).isTrue();
        queue.attach(beginRefill(), queue.attached().asked(), enabled);
        assertThat(queue.attached().isBlocked()).isFalse();
    }

    @Test
    void an_older_delivery_that_is_to_be_sent_again_comes_before_those_that_wait() {
        Delivery older = committed("INBOX");
        Delivery newer = committed("INBOX");
        bring(newer);
        bring(older);
        Delivery first = sent();
        assertThat(first.id()).isEqualTo(older.id());
        queue.calls().completed(first, clock.instant());
        assertThat(sent().id()).isEqualTo(newer.id());
    }

    /** Each change of a webhook added a thread that waited for its turn to read. */
    @Test
    void a_reset_while_a_thread_waits_to_read_adds_no_second_one() {
        queue.markStale(Ids.next());
        int old = beginRefill();
        queue.reset();
        queue.forgetAccounts(Set.of(ACCOUNT));
        assertThat(beginRefill()).isNegative();
        assertThat(queue.refillStarted(old)).isFalse();
        queue.refill(old, page());
        int current = beginRefill();
        assertThat(current).isGreaterThan(old);
        assertThat(queue.refillStarted(current)).isTrue();
    }

    /** A thousand webhooks waited for the throttle although each had become healthy. */
    @Test
    void a_queue_whose_endpoint_becomes_healthy_is_read_while_a_thread_waits_for_the_throttle() {
        open(newQueue(), Health.UNKNOWN);
        queue.markStale(Ids.next());
        beginRefill();
        assertThat(queue.throttledRead().begin()).isTrue();
        assertThat(beginRefill()).isNegative();

        queue.offer(committed("INBOX"), commits.next(), clock.instant());
        sent();

        int epoch = beginRefill();
        assertThat(epoch).isNotNegative();
        Delivery late = committed("Other");
        queue.refill(epoch, page(read(late)));
        assertThat(queue.throttledRead().end(clock.instant(), nanos)).isNegative();
        assertThat(sent().id()).isEqualTo(late.id());
    }

    @Test
    void one_thread_at_a_time_waits_for_the_throttle() {
        open(newQueue(), Health.UNKNOWN);
        queue.markStale(Ids.next());
        beginRefill();
        assertThat(queue.throttledRead().begin()).isTrue();

        queue.outdate();
        int epoch = beginRefill();
        queue.attach(epoch, queue.attached().asked(), webhook(Health.UNKNOWN));
        assertThat(queue.throttledRead().begin()).isFalse();

        int waited = queue.throttledRead().end(clock.instant(), nanos);
        assertThat(waited).isNotNegative();
        Delivery late = committed("INBOX");
        queue.refill(waited, page(read(late)));
        assertThat(sent().id()).isEqualTo(late.id());
    }

    @Test
    void a_thread_does_not_wait_for_the_throttle_when_the_endpoint_is_healthy_by_then() {
        queue.markStale(Ids.next());
        beginRefill();
        assertThat(queue.throttledRead().begin()).isFalse();
        assertThat(beginRefill()).isNotNegative();
    }

    @Test
    void a_read_that_waits_for_the_throttle_is_of_the_time_after_a_reset() {
        open(newQueue(), Health.UNKNOWN);
        queue.markStale(Ids.next());
        int old = beginRefill();
        assertThat(queue.throttledRead().begin()).isTrue();

        queue.reset();
        assertThat(queue.throttledRead().end(clock.instant(), nanos)).isNegative();

        attach(Health.UNKNOWN);
        queue.markStale(Ids.next());
        beginRefill();
        assertThat(queue.throttledRead().begin()).isTrue();
        assertThat(queue.throttledRead().end(clock.instant(), nanos)).isGreaterThan(old);
    }

    @Test
    void a_cancelled_wait_for_the_throttle_lets_the_next_thread_wait() {
        open(newQueue(), Health.UNKNOWN);
        queue.markStale(Ids.next());
        beginRefill();
        assertThat(queue.throttledRead().begin()).isTrue();
        queue.throttledRead().cancelled();
        beginRefill();
        assertThat(queue.throttledRead().begin()).isTrue();
    }

    @Test
    void a_queue_is_not_retired_while_a_thread_waits_for_the_throttle() {
        open(newQueue(), Health.UNKNOWN);
        queue.outdate();
        beginRefill();
        assertThat(queue.throttledRead().begin()).isTrue();
        Instant later = clock.instant().plus(Duration.ofHours(1));
        assertThat(queue.retire(later)).isFalse();
        queue.throttledRead().cancelled();
        assertThat(queue.retire(later)).isTrue();
    }

    @Test
    void an_offer_is_looked_up_when_more_deliveries_departed_than_the_queue_remembers() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        queue.calls().completed(sent(), clock.instant());
        for (int i = 0; i < DepartedDeliveries.MAX; i++) {
            bring(committed("box " + i));
            queue.calls().completed(sent(), clock.instant());
        }
        queue.offer(late, begun, clock.instant());
        assertNothingToSend();
        assertThat(beginRefill()).isNotNegative();
    }

    @Test
    void an_offer_is_looked_up_when_the_departure_is_long_ago() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        queue.calls().completed(sent(), clock.instant());
        clock.step(Duration.ofSeconds(20));
        assertThat(queue.retire(clock.instant())).isFalse();
        queue.offer(late, begun, clock.instant());
        assertNothingToSend();
        assertThat(beginRefill()).isNotNegative();
    }

    @Test
    void an_offer_to_the_successor_of_a_retired_queue_is_looked_up() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        queue.calls().completed(sent(), clock.instant());
        clock.step(Duration.ofMinutes(2));
        assertThat(queue.retire(clock.instant())).isTrue();
        assertThat(queue.offer(late, begun, clock.instant())).isFalse();
        open(newQueue());
        queue.offer(late, begun, clock.instant());
        assertNothingToSend();
        assertThat(beginRefill()).isNotNegative();
    }

    @Test
    void a_delivery_committed_before_its_account_was_deleted_is_looked_up() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        queue.forgetAccounts(Set.of(ACCOUNT));
        queue.offer(late, begun, clock.instant());
        assertNothingToSend();
        assertThat(beginRefill()).isNotNegative();
    }

    @Test
    void a_delivery_without_an_account_outlives_the_deletion_of_accounts() {
        Delivery deleted = committed("INBOX");
        Delivery aboutWebhook =
                new Delivery(Ids.next(), WEBHOOK, null, null, 1, 0, clock.instant(), "{}", true);
        bring(deleted);
        bring(aboutWebhook);
        queue.forgetAccounts(Set.of(ACCOUNT));
        assertThat(sent().id()).isEqualTo(aboutWebhook.id());
        assertNothingToSend();
    }

    @Test
    void a_call_abandoned_after_its_account_was_deleted_is_not_repeated() {
        Delivery fresh = committed("INBOX");
        queue.offer(fresh, commits.next(), clock.instant());
        Call call = queue.begin(permits).getFirst();
        queue.forgetAccounts(Set.of(ACCOUNT));
        queue.calls().abandoned(call);
        call.permit().close();
        // After the pause that a local fault causes.
        clock.step(Duration.ofSeconds(6));
        assertNothingToSend();
    }

    @Test
    void a_redelivery_is_sent_once_more() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        queue.calls().completed(sent(), clock.instant());
        queue.reset();
        attach(Health.GOOD);
        bring(late);
        queue.calls().completed(sent(), clock.instant());
        queue.offer(late, begun, clock.instant());
        assertNothingToSend();
    }

    @Test
    void a_fresh_delivery_needs_no_read_of_the_table() {
        queue.offer(committed("INBOX"), commits.next(), clock.instant());
        assertThat(beginRefill()).isNegative();
        queue.calls().completed(sent(), clock.instant());
        assertThat(beginRefill()).isNegative();
    }

    @Test
    void
            a_table_that_cannot_be_read_is_read_after_twice_as_long_each_time_and_ten_seconds_at_most() {
        queue.markStale(Ids.next());
        long waited = 0;
        for (int i = 0; i < 12; i++) {
            int epoch = beginRefill();
            assertThat(epoch).isNotNegative();
            assertThat(queue.refillFailed(nanos)).isEqualTo(i + 1);
            long wait = Math.min(500L << Math.min(i, 5), 10_000);
            nanos += Duration.ofMillis(wait).toNanos() - 1;
            assertThat(beginRefill()).isNegative();
            nanos += 1;
            waited += wait;
        }
        assertThat(waited).isEqualTo(500 + 1000 + 2000 + 4000 + 8000 + 7 * 10_000);
        queue.refill(beginRefill(), page());
        queue.markStale(Ids.next());
        // A read that succeeds ends the waiting.
        assertThat(beginRefill()).isNotNegative();
    }

    /** A table, and threads whose steps happen in random order. */
    private final class Model {
        private final Random random;
        private final Map<UUID, Delivery> pending = new LinkedHashMap<>();
        private final Map<UUID, Integer> sent = new LinkedHashMap<>();
        private final List<Runnable> offers = new ArrayList<>();
        private final List<Runnable> pages = new ArrayList<>();
        private final List<Call> underWay = new ArrayList<>();
        private final List<Runnable> written = new ArrayList<>();
        private int made;

        Model(long seed) {
            random = new Random(seed);
        }

        void step(int most) {
            switch (random.nextInt(12)) {
                case 0, 1 -> {
                    if (made < most) {
                        commit();
                    }
                }
                case 2 -> run(offers);
                case 3, 4 -> read();
                case 5 -> run(pages);
                case 6, 7 -> send();
                case 8 -> end();
                case 9 -> run(written);
                case 10 -> {
                    if (random.nextInt(8) == 0) {
                        queue.reset();
                    } else if (!pending.isEmpty()) {
                        queue.markStale(pending.keySet().iterator().next());
                    }
                }
                default -> replaceRetired();
            }
        }

        private void run(List<Runnable> steps) {
            if (!steps.isEmpty()) {
                steps.remove(random.nextInt(steps.size())).run();
            }
        }

        private void commit() {
            long begun = commits.next();
            String mailbox = "box " + random.nextInt(5);
            boolean first =
                    pending.values().stream().noneMatch(other -> mailbox.equals(other.mailbox()));
            Delivery fresh = committed(mailbox);
            Delivery added = first ? fresh : WebhookQueueTest.read(fresh);
            pending.put(added.id(), added);
            made++;
            offers.add(() -> queue.offer(added, begun, clock.instant()));
        }

        private void read() {
            WebhookQueue reading = queue;
            int epoch = beginRefill();
            if (epoch >= 0) {
                Delivery[] due =
                        pending.values().stream()
                                .limit(8)
                                .map(WebhookQueueTest::read)
                                .toArray(Delivery[]::new);
                boolean full = pending.size() > due.length;
                pages.add(() -> {
                    if (reading.attached().isOutdated()) {
                        reading.attach(epoch, reading.attached().asked(), webhook(Health.GOOD));
                    }
                    reading.refill(epoch, new Page(List.of(due), Set.of(), full, null));
                });
            }
        }

        private void send() {
            for (Call call : queue.begin(permits)) {
                sent.merge(call.delivery().id(), 1, Integer::sum);
                Set<UUID> before = new HashSet<>();
                pending.values().stream()
                        .takeWhile(other -> !other.id().equals(call.delivery().id()))
                        .filter(other -> Objects.equals(other.mailbox(), call.delivery().mailbox()))
                        .forEach(other -> before.add(other.id()));
                assertThat(before).as("overtaken").isEmpty();
                underWay.add(call);
            }
        }

        private void end() {
            if (!underWay.isEmpty()) {
                WebhookQueue sender = queue;
                Call call = underWay.remove(random.nextInt(underWay.size()));
                sender.calls()
                        .ended(
                                call,
                                new Attempt(
                                        clock.instant(), Duration.ZERO, 204, "", null, null, null));
                call.permit().close();
                pending.remove(call.delivery().id());
                written.add(() -> sender.calls().completed(call.delivery(), clock.instant()));
            }
        }

        private void replaceRetired() {
            if (random.nextInt(20) == 0) {
                clock.step(Duration.ofSeconds(90));
                if (queue.retire(clock.instant())) {
                    queue = newQueue();
                }
            }
        }
    }

    @Test
    void in_any_order_of_these_steps_each_delivery_is_sent_once_and_in_its_order() {
        for (long seed = 1; seed <= 400; seed++) {
            open(newQueue());
            Model model = new Model(seed);
            for (int i = 0; i < 600; i++) {
                model.step(60);
            }
            for (int i = 0; i < 50_000 && model.sent.size() < model.made; i++) {
                model.step(0);
            }
            assertThat(model.sent.values())
                    .as("seed " + seed)
                    .hasSize(model.made)
                    .allMatch(times -> times == 1);
        }
    }
}
