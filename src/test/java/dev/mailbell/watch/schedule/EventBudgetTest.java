package dev.mailbell.watch.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class EventBudgetTest {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;

    private static final UUID CLIENT = new UUID(0, 1);
    private static final UUID OTHER = new UUID(0, 2);

    private final BusySlots slots = new BusySlots();
    private final BusySlots.OfClient node = slots.of(CLIENT);

    /** How many checks mailboxes have in a time in which mail comes to each every few ms. */
    private List<Integer> flood(int mailboxes, Duration time) {
        List<EventBudget> budgets = new ArrayList<>();
        List<Integer> checks = new ArrayList<>();
        List<Long> next = new ArrayList<>();
        List<Long> last = new ArrayList<>();
        for (int i = 0; i < mailboxes; i++) {
            budgets.add(new EventBudget(0));
            checks.add(0);
            next.add(0L);
            last.add(0L);
        }
        for (long now = 0; now < time.toNanos(); now += 4 * MILLI) {
            for (int i = 0; i < mailboxes; i++) {
                if (next.get(i) <= now) {
                    int found = (int) ((now - last.get(i)) / (4 * MILLI));
                    budgets.get(i).checked(now, 2 * MILLI, found, node);
                    last.set(i, now);
                    checks.set(i, checks.get(i) + 1);
                    long gathered = budgets.get(i).gathering(now).toNanos();
                    next.set(i, now + Math.max(gathered, HintBudget.GATHERED_MILLIS * MILLI));
                }
            }
        }
        return checks;
    }

    @Test
    void the_first_message_and_a_burst_are_announced_as_they_come() {
        EventBudget budget = new EventBudget(0);
        assertThat(budget.gathering(0)).isZero();
        long now = 0;
        for (int i = 0; i < 200; i++) {
            budget.checked(now, 2 * MILLI, 1, node);
            assertThat(budget.gathering(now)).isLessThanOrEqualTo(Duration.ofMillis(40));
            now += 40 * MILLI;
        }
        assertThat(budget.gathering(now + SECOND)).isZero();
    }

    @Test
    void two_messages_a_second_are_never_gathered_whatever_others_do() {
        EventBudget budget = new EventBudget(0);
        flood(40, Duration.ofSeconds(10));
        long began = 10 * SECOND;
        for (int i = 0; i < 550; i++) {
            long now = began + i * SECOND / 2;
            budget.checked(now, 2 * MILLI, 1, node);
            assertThat(budget.gathering(now + SECOND / 2)).isZero();
        }
    }

    @Test
    void a_flood_is_gathered_for_longer_the_longer_it_lasts() {
        int minute = flood(1, Duration.ofMinutes(1)).getFirst();
        int day = flood(1, Duration.ofHours(3)).getFirst();
        assertThat(minute).isBetween(300, 700);
        assertThat(day).isBetween(3_000, 6_000);
    }

    @Test
    void mailboxes_that_flood_share_fifty_checks_a_second_and_each_has_as_many() {
        List<Integer> checks = flood(40, Duration.ofMinutes(1));
        int all = checks.stream().mapToInt(Integer::intValue).sum();
        assertThat(all).isLessThan(40 * 32 + 60 * 55);
        assertThat(checks).allSatisfy(each -> assertThat(each).isBetween(80, 130));
    }

    @Test
    void thousands_that_flood_are_gathered_for_five_seconds_and_no_longer() {
        List<Integer> checks = flood(1_000, Duration.ofMinutes(1));
        assertThat(checks).allSatisfy(each -> assertThat(each).isBetween(12, 25));
    }

    @Test
    void an_account_is_not_checked_for_more_than_half_of_the_time() {
        EventBudget budget = new EventBudget(0);
        budget.checked(0, 700 * MILLI, 1, node);
        assertThat(budget.gathering(0)).isEqualTo(Duration.ofMillis(700));
    }

    @Test
    void a_client_with_many_busy_mailboxes_does_not_delay_those_of_another() {
        for (int i = 0; i < 1_000; i++) {
            node.reserve(0);
        }
        assertThat(Duration.ofNanos(node.reserve(0))).isEqualTo(Duration.ofSeconds(5));
        BusySlots.OfClient others = slots.of(OTHER);
        assertThat(others.reserve(0)).isZero();
        // Two clients have every second slot each.
        assertThat(Duration.ofNanos(others.reserve(0))).isEqualTo(Duration.ofMillis(40));
    }
}
