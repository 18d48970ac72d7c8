package dev.mailbell.watch.check;

import dev.mailbell.account.Failure;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.account.RunningCheck;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.check.AccountChecker.CheckResult;
import dev.mailbell.watch.history.PastCheck.Result;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Adds what a check came to, to the history of its account. The caller holds the account's lock.
 */
final class CheckHistories {
    private CheckHistories() {}

    private record Ended(CheckTrigger trigger, Instant startedAt, long tookMillis) {
        static Ended of(WatchedAccount watched, Instant now) {
            RunningCheck running = watched.checkEnds();
            if (running == null) {
                // Nothing was asked of the mail server: a session waited, or the check for its
                // turn.
                return new Ended(
                        watched.status().pushing() ? CheckTrigger.IDLE : CheckTrigger.POLL, now, 0);
            }
            long took = Math.max(0, (System.nanoTime() - running.begun()) / 1_000_000);
            return new Ended(running.trigger(), now.minusMillis(took), took);
        }
    }

    /**
     * @param missing what is wrong although the check succeeded; null for nothing
     */
    static void succeeded(
            WatchedAccount watched, CheckResult found, @Nullable Failure missing, Instant now) {
        Ended check = Ended.of(watched, now);
        boolean reset = found.checked().stream().anyMatch(CheckedMailbox::reset);
        if (missing == null && !reset && !found.foundMail()) {
            watched.history().nothing(check.trigger(), check.startedAt(), check.tookMillis());
            return;
        }
        watched.history()
                .add(
                        reset ? Result.RESET : found.foundMail() ? Result.MAIL : Result.NOTHING,
                        check.trigger(),
                        check.startedAt(),
                        check.tookMillis(),
                        found.newMail(),
                        missing == null ? null : missing.code(),
                        missing == null ? null : missing.message());
    }

    static void failed(WatchedAccount watched, MailFailure failure, Instant now) {
        add(watched, Result.FAILED, failure, now);
    }

    /** A connection that was kept is lost, which is no failure yet. */
    static void connectionLost(WatchedAccount watched, MailFailure failure, Instant now) {
        add(watched, Result.CONNECTION_LOST, failure, now);
    }

    private static void add(
            WatchedAccount watched, Result result, MailFailure failure, Instant now) {
        Ended check = Ended.of(watched, now);
        watched.history()
                .add(
                        result,
                        check.trigger(),
                        check.startedAt(),
                        check.tookMillis(),
                        0,
                        failure.code(),
                        failure.reason());
    }
}
