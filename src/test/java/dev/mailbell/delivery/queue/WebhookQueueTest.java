package dev.mailbell.delivery.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.delivery.SteppedClock;
import dev.mailbell.delivery.UsualSettings;
import dev.mailbell.delivery.endpoint.DeliveryPermits;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.delivery.endpoint.EndpointHealth;
import dev.mailbell.delivery.endpoint.EndpointHealth.Call;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.queue.DeliveryStore.Page;
import dev.mailbell.event.Ids;
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
 * The orders in which a commit, its announcement, a reading of the table and the end of an attempt
 * can follow each other: a delivery is sent once in each of them. The steps that other threads make
 * are made here one by one.
 */
class WebhookQueueTest {
    private static final UUID WEBHOOK = Ids.next();
    private static final UUID ACCOUNT = Ids.next();

    private static final DeliverySettings SETTINGS = new UsualSettings();

    private final SteppedClock clock = new SteppedClock();
    private final CommitSequence commits = new CommitSequence();
    private final DeliveryPermits<WebhookQueue> slots = new DeliveryPermits<>();
    private WebhookQueue lane = new WebhookQueue(WEBHOOK, commits, clock.instant());
    private EndpointHealth receiver = new EndpointHealth(webhook(), SETTINGS, clock, new Random(1));
    private long nanos;

    @BeforeEach
    void open() {
        meet();
    }

    /** Its webhook is known and nothing waits in the table. */
    private void open(WebhookQueue fresh) {
        lane = fresh;
        meet();
    }

    private void meet() {
        int era = lane.wantsRefill(clock.instant(), nanos);
        receiver = new EndpointHealth(webhook(), SETTINGS, clock, new Random(1));
        lane.meet(era, webhook(), receiver);
        lane.refill(era, page());
    }

    private Webhook webhook() {
        return new Webhook(
                WEBHOOK,
                Ids.next(),
                "http://127.0.0.1/",
                List.of("*"),
                null,
                Map.of(),
                null,
                new byte[0],
                null,
                State.ENABLED,
                Health.GOOD,
                clock.instant(),
                clock.instant());
    }

    private static Page page(Delivery... due) {
        return new Page(List.of(due), Set.of(), false, null);
    }

    private Delivery committed(String mailbox) {
        return new Delivery(Ids.next(), WEBHOOK, ACCOUNT, mailbox, 0, clock.instant(), "{}", true);
    }

    /** As a page of the table has it. */
    private static Delivery read(Delivery delivery) {
        return new Delivery(
                delivery.id(),
                WEBHOOK,
                delivery.accountId(),
                delivery.mailbox(),
                delivery.attempts(),
                delivery.nextAttemptAt(),
                delivery.payload(),
                false);
    }

    private int wantsRefill() {
        return lane.wantsRefill(clock.instant(), nanos);
    }

    private void bring(Delivery delivery) {
        lane.doubt(delivery.id());
        lane.refill(wantsRefill(), page(read(delivery)));
    }

    private Delivery sent() {
        List<Call> calls = lane.take(slots);
        assertThat(calls).hasSize(1);
        ended(calls.getFirst());
        return calls.getFirst().delivery();
    }

    private void ended(Call call) {
        receiver.ended(
                call,
                new Attempt(clock.instant(), Duration.ZERO, 204, "", null, null, null),
                false);
        slots.release(call.kind());
    }

    private void assertNothingToSend() {
        assertThat(lane.take(slots)).isEmpty();
    }

    @Test
    void what_a_page_brought_and_the_receiver_took_is_not_sent_when_its_commit_is_announced() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        lane.done(sent(), clock.instant());
        assertThat(lane.offer(late, begun, clock.instant())).isTrue();
        assertNothingToSend();
    }

    @Test
    void what_a_page_brought_and_is_under_way_is_not_sent_when_its_commit_is_announced() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        Delivery underWay = sent();
        lane.offer(late, begun, clock.instant());
        assertNothingToSend();
        lane.done(underWay, clock.instant());
        assertNothingToSend();
    }

    @Test
    void what_a_page_brought_and_waits_is_sent_once_when_its_commit_is_announced() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        lane.offer(late, begun, clock.instant());
        lane.done(sent(), clock.instant());
        assertNothingToSend();
    }

    @Test
    void what_a_page_brought_and_failed_waits_for_its_schedule_when_its_commit_is_announced() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        lane.later(sent(), clock.instant().plusSeconds(5));
        lane.offer(late, begun, clock.instant());
        assertNothingToSend();
        clock.step(Duration.ofSeconds(6));
        lane.refill(wantsRefill(), page(read(late)));
        lane.done(sent(), clock.instant());
        assertNothingToSend();
    }

    @Test
    void what_was_announced_and_taken_while_a_page_was_read_is_not_sent_from_the_page() {
        Delivery fresh = committed("INBOX");
        lane.doubt(Ids.next());
        int era = wantsRefill();
        lane.offer(fresh, commits.next(), clock.instant());
        lane.done(sent(), clock.instant());
        lane.refill(era, page(read(fresh)));
        assertNothingToSend();
    }

    @Test
    void what_is_under_way_when_the_window_is_cleared_is_not_sent_from_the_next_page() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        Delivery underWay = sent();
        lane.reset();
        int era = wantsRefill();
        lane.meet(era, webhook(), receiver);
        lane.refill(era, page(read(late)));
        assertNothingToSend();
        lane.done(underWay, clock.instant());
        assertNothingToSend();
        lane.offer(late, begun, clock.instant());
        assertNothingToSend();
    }

    @Test
    void a_page_that_was_read_before_the_window_was_cleared_is_void() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        lane.doubt(late.id());
        int old = wantsRefill();
        lane.reset();
        lane.refill(old, page(read(late)));
        meet();
        assertNothingToSend();
        // And the announcement is looked up in the table instead.
        lane.offer(late, begun, clock.instant());
        assertNothingToSend();
        lane.refill(wantsRefill(), page(read(late)));
        lane.done(sent(), clock.instant());
        assertNothingToSend();
    }

    @Test
    void an_announcement_is_looked_up_when_more_departed_than_the_lane_remembers() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        lane.done(sent(), clock.instant());
        for (int i = 0; i < DepartedDeliveries.MOST; i++) {
            bring(committed("box " + i));
            lane.done(sent(), clock.instant());
        }
        lane.offer(late, begun, clock.instant());
        assertNothingToSend();
        assertThat(wantsRefill()).isNotNegative();
    }

    @Test
    void an_announcement_is_looked_up_when_the_departure_is_long_ago() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        lane.done(sent(), clock.instant());
        clock.step(Duration.ofSeconds(20));
        assertThat(lane.retire(clock.instant())).isFalse();
        lane.offer(late, begun, clock.instant());
        assertNothingToSend();
        assertThat(wantsRefill()).isNotNegative();
    }

    @Test
    void an_announcement_to_the_successor_of_a_retired_lane_is_looked_up() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        lane.done(sent(), clock.instant());
        clock.step(Duration.ofMinutes(2));
        assertThat(lane.retire(clock.instant())).isTrue();
        assertThat(lane.offer(late, begun, clock.instant())).isFalse();
        open(new WebhookQueue(WEBHOOK, commits, clock.instant()));
        lane.offer(late, begun, clock.instant());
        assertNothingToSend();
        assertThat(wantsRefill()).isNotNegative();
    }

    @Test
    void what_was_committed_before_its_account_was_removed_is_looked_up_after() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        lane.forgetAccount(ACCOUNT);
        lane.offer(late, begun, clock.instant());
        assertNothingToSend();
        assertThat(wantsRefill()).isNotNegative();
    }

    @Test
    void what_is_put_back_after_its_account_was_removed_is_not_sent() {
        Delivery fresh = committed("INBOX");
        lane.offer(fresh, commits.next(), clock.instant());
        Delivery underWay = sent();
        lane.forgetAccount(ACCOUNT);
        lane.putBack(underWay);
        assertNothingToSend();
    }

    @Test
    void what_is_redelivered_is_sent_once_more() {
        long begun = commits.next();
        Delivery late = committed("INBOX");
        bring(late);
        lane.done(sent(), clock.instant());
        lane.reset();
        meet();
        bring(late);
        lane.done(sent(), clock.instant());
        lane.offer(late, begun, clock.instant());
        assertNothingToSend();
    }

    @Test
    void a_fresh_delivery_needs_no_reading_of_the_table() {
        lane.offer(committed("INBOX"), commits.next(), clock.instant());
        assertThat(wantsRefill()).isNegative();
        lane.done(sent(), clock.instant());
        assertThat(wantsRefill()).isNegative();
    }

    @Test
    void
            a_table_that_cannot_be_read_is_read_after_twice_as_long_each_time_and_ten_seconds_at_most() {
        lane.doubt(Ids.next());
        long waited = 0;
        for (int i = 0; i < 12; i++) {
            int era = wantsRefill();
            assertThat(era).isNotNegative();
            assertThat(lane.refillFailed(era, nanos)).isEqualTo(i + 1);
            long wait = Math.min(500L << Math.min(i, 5), 10_000);
            nanos += Duration.ofMillis(wait).toNanos() - 1;
            assertThat(wantsRefill()).isNegative();
            nanos += 1;
            waited += wait;
        }
        assertThat(waited).isEqualTo(500 + 1000 + 2000 + 4000 + 8000 + 7 * 10_000);
        lane.refill(wantsRefill(), page());
        lane.doubt(Ids.next());
        // One that succeeded takes the waiting back.
        assertThat(wantsRefill()).isNotNegative();
    }

    /** A table, and threads whose steps are made in any order. */
    private final class Model {
        private final Random random;
        private final Map<UUID, Delivery> pending = new LinkedHashMap<>();
        private final Map<UUID, Integer> sent = new LinkedHashMap<>();
        private final List<Runnable> announcements = new ArrayList<>();
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
                case 2 -> run(announcements);
                case 3, 4 -> read();
                case 5 -> run(pages);
                case 6, 7 -> send();
                case 8 -> end();
                case 9 -> run(written);
                case 10 -> {
                    if (random.nextInt(8) == 0) {
                        lane.reset();
                    } else if (!pending.isEmpty()) {
                        lane.doubt(pending.keySet().iterator().next());
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
            announcements.add(() -> lane.offer(added, begun, clock.instant()));
        }

        private void read() {
            WebhookQueue reading = lane;
            int era = wantsRefill();
            if (era >= 0) {
                Delivery[] due =
                        pending.values().stream()
                                .limit(8)
                                .map(WebhookQueueTest::read)
                                .toArray(Delivery[]::new);
                boolean full = pending.size() > due.length;
                pages.add(() -> {
                    if (reading.webhook() == null) {
                        receiver = new EndpointHealth(webhook(), SETTINGS, clock, new Random(1));
                        reading.meet(era, webhook(), receiver);
                    }
                    reading.refill(era, new Page(List.of(due), Set.of(), full, null));
                });
            }
        }

        private void send() {
            for (Call call : lane.take(slots)) {
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
                WebhookQueue sender = lane;
                Call call = underWay.remove(random.nextInt(underWay.size()));
                call.receiver()
                        .ended(
                                call,
                                new Attempt(
                                        clock.instant(), Duration.ZERO, 204, "", null, null, null),
                                false);
                slots.release(call.kind());
                pending.remove(call.delivery().id());
                written.add(() -> sender.done(call.delivery(), clock.instant()));
            }
        }

        private void replaceRetired() {
            if (random.nextInt(20) == 0) {
                clock.step(Duration.ofSeconds(90));
                if (lane.retire(clock.instant())) {
                    lane = new WebhookQueue(WEBHOOK, commits, clock.instant());
                }
            }
        }
    }

    @Test
    void in_any_order_of_these_steps_each_delivery_is_sent_once_and_in_its_order() {
        for (long seed = 1; seed <= 400; seed++) {
            open(new WebhookQueue(WEBHOOK, commits, clock.instant()));
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

    @Test
    void instants_of_departure_are_no_part_of_the_order() {
        Instant now = clock.instant();
        DepartedDeliveries departures = new DepartedDeliveries(commits);
        long begun = commits.next();
        UUID id = Ids.next();
        departures.add(id, now);
        departures.forgetOld(now.plusSeconds(3600));
        assertThat(departures.has(id)).isFalse();
        assertThat(departures.mayHaveForgotten(begun)).isTrue();
        assertThat(departures.mayHaveForgotten(commits.next())).isFalse();
    }
}
