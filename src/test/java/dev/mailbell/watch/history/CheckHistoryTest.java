package dev.mailbell.watch.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.history.PastCheck.Result;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CheckHistoryTest {
    private static final Instant START = Instant.parse("2026-11-20T10:00:00.123Z");

    private final HistoryBudget budget = new HistoryBudget(64L << 20);
    private final CheckHistory history = new CheckHistory(budget);

    private static Instant minute(int minute) {
        return START.plusSeconds(60L * minute);
    }

    private void mail(int minute, int count) {
        history.add(Result.MAIL, CheckTrigger.IDLE, minute(minute), 40, count, null, null);
    }

    private void fails(int minute, FailureCode code, String message) {
        history.add(Result.FAILED, CheckTrigger.POLL, minute(minute), 9, 0, code, message);
    }

    @Test
    void checks_that_found_nothing_are_one_line_and_take_no_memory() {
        for (int i = 0; i < 100; i++) {
            history.nothing(CheckTrigger.POLL, minute(i), 100 + i);
        }
        assertThat(history.latest())
                .containsExactly(
                        new PastCheck(
                                Result.NOTHING,
                                CheckTrigger.POLL,
                                minute(99),
                                199,
                                100,
                                minute(0),
                                0,
                                null,
                                null));
        assertThat(budget.holders()).isZero();
    }

    @Test
    void what_happened_between_them_is_in_its_order() {
        history.nothing(CheckTrigger.POLL, minute(0), 1);
        mail(1, 3);
        mail(2, 1);
        history.nothing(CheckTrigger.SAFETY, minute(3), 1);
        fails(4, FailureCode.TIMEOUT, "no answer");
        fails(5, FailureCode.TIMEOUT, "no answer at all");
        fails(6, FailureCode.AUTH_FAILED, "said \"no\"");
        history.nothing(CheckTrigger.CHECK, minute(7), 1);
        assertThat(history.latest())
                .extracting(PastCheck::result, PastCheck::times, PastCheck::startedAt)
                .containsExactly(
                        tuple(Result.NOTHING, 1, minute(7)),
                        tuple(Result.FAILED, 1, minute(6)),
                        tuple(Result.FAILED, 2, minute(5)),
                        tuple(Result.NOTHING, 1, minute(3)),
                        tuple(Result.MAIL, 1, minute(2)),
                        tuple(Result.MAIL, 1, minute(1)),
                        tuple(Result.NOTHING, 1, minute(0)));
        PastCheck timeout = history.latest().get(2);
        assertThat(timeout.firstAt()).isEqualTo(minute(4));
        assertThat(timeout.message()).isEqualTo("no answer at all");
        assertThat(history.latest().get(5).newCount()).isEqualTo(3);
    }

    @Test
    void twenty_are_kept() {
        for (int i = 0; i < 100; i++) {
            mail(i, i);
        }
        assertThat(history.latest()).hasSize(CheckHistory.MOST);
        assertThat(history.latest().getFirst().newCount()).isEqualTo(99);
        assertThat(history.latest().getLast().newCount()).isEqualTo(80);
    }

    @Test
    void many_accounts_share_the_memory_and_keep_fewer() {
        HistoryBudget small = new HistoryBudget(400_000);
        List<CheckHistory> all = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            CheckHistory each = new CheckHistory(small);
            all.add(each);
            for (int n = 0; n < 30; n++) {
                each.add(Result.MAIL, CheckTrigger.POLL, minute(n), 10, n, null, null);
            }
        }
        assertThat(small.holders()).isEqualTo(1_000);
        assertThat(all.getFirst().latest()).hasSize(20);
        assertThat(all.getLast().latest()).hasSizeBetween(2, 19);
        assertThat(all.getLast().latest().getFirst().newCount()).isEqualTo(29);
        for (CheckHistory each : all) {
            each.add(Result.MAIL, CheckTrigger.POLL, minute(30), 10, 30, null, null);
        }
        for (int n = 31; n < 40; n++) {
            for (CheckHistory each : all) {
                each.add(Result.MAIL, CheckTrigger.POLL, minute(n), 10, n, null, null);
            }
        }
        assertThat(all).allSatisfy(each -> assertThat(each.latest()).hasSizeBetween(5, 19));
        all.forEach(CheckHistory::forget);
        assertThat(small.holders()).isZero();
        assertThat(small.size()).isZero();
    }

    @Test
    void an_outage_of_all_accounts_takes_no_more_than_the_memory_and_each_shows_its_failure() {
        int accounts = 1_000;
        // As 64 MiB are for 1,000,000.
        long total = 64 * accounts;
        HistoryBudget scarce = new HistoryBudget(total);
        List<CheckHistory> all = new ArrayList<>();
        for (int i = 0; i < accounts; i++) {
            all.add(new CheckHistory(scarce));
        }
        FailureCode[] codes = {FailureCode.TIMEOUT, FailureCode.AUTH_FAILED};
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < accounts; i++) {
                all.get(i)
                        .add(
                                Result.FAILED,
                                CheckTrigger.POLL,
                                minute(round),
                                30_000,
                                0,
                                codes[round % 2],
                                "the server says: „geschlossen“ 🔒 ".repeat(20));
                assertThat(scarce.size()).isLessThanOrEqualTo(total);
            }
        }
        for (CheckHistory each : all) {
            PastCheck latest = each.latest().getFirst();
            assertThat(latest.code()).isEqualTo(FailureCode.AUTH_FAILED);
            assertThat(latest.startedAt()).isEqualTo(minute(3));
            if (latest.message() != null) {
                assertThat(latest.message()).startsWith("the").endsWith("…");
            }
        }
        assertThat(all.getFirst().latest().getFirst().message()).isNotNull();
        all.forEach(CheckHistory::forget);
        assertThat(scarce.size()).isZero();
    }

    @Test
    void a_check_that_ends_after_the_account_has_left_is_not_kept() {
        mail(1, 1);
        history.forget();
        mail(2, 1);
        assertThat(history.latest()).isEmpty();
        assertThat(budget.holders()).isZero();
    }

    @Test
    void what_is_packed_is_unpacked_as_it_was() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            List<PastCheck> checks = new ArrayList<>();
            for (int i = random.nextInt(20); i >= 0; i--) {
                checks.add(any(random));
            }
            assertThat(PackedChecks.unpack(PackedChecks.pack(checks, Integer.MAX_VALUE)))
                    .as("round %d of the seed %d", round, seed)
                    .isEqualTo(checks);
            byte[] bounded = PackedChecks.pack(checks, 200);
            List<PastCheck> kept = PackedChecks.unpack(bounded);
            PastCheck newest = kept.removeFirst();
            assertThat(kept).isEqualTo(checks.subList(1, kept.size() + 1));
            assertThat(newest.startedAt()).isEqualTo(checks.getFirst().startedAt());
            if (!Objects.equals(newest.message(), checks.getFirst().message())) {
                assertThat(newest.message())
                        .as("round %d of the seed %d", round, seed)
                        .startsWith("said")
                        .endsWith("…");
            }
            assertThat(bounded.length)
                    .as("round %d of the seed %d", round, seed)
                    .isLessThanOrEqualTo(200);
        }
    }

    private static PastCheck any(Random random) {
        Instant started = START.plusMillis(random.nextInt());
        FailureCode code =
                random.nextBoolean()
                        ? null
                        : FailureCode.values()[random.nextInt(FailureCode.values().length)];
        String message =
                code == null || random.nextInt(4) == 0
                        ? null
                        : "said \u201cno\u201d ".repeat(random.nextInt(20)) + random.nextInt(3);
        return new PastCheck(
                Result.values()[random.nextInt(Result.values().length)],
                CheckTrigger.values()[random.nextInt(CheckTrigger.values().length)],
                started,
                random.nextInt(1 << random.nextInt(31)),
                1 + random.nextInt(1 << random.nextInt(30)),
                started.minusMillis(random.nextInt(1 << random.nextInt(31))),
                random.nextInt(1 << random.nextInt(31)),
                code,
                message);
    }
}
