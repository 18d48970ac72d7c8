package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.Failure;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.Looker.Looked;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where an account stands after a look, in memory, in its row and in the log; and how long it waits
 * for the next.
 */
final class Standing {
    private static final Logger LOG = LoggerFactory.getLogger(Standing.class);

    private final AccountStore accounts;
    private final LastChecked lastChecked;
    private final Pace pace;
    private final InstantSource clock;
    private final RandomGenerator random;

    Standing(
            AccountStore accounts,
            LastChecked lastChecked,
            Pace pace,
            InstantSource clock,
            RandomGenerator random) {
        this.accounts = accounts;
        this.lastChecked = lastChecked;
        this.pace = pace;
        this.clock = clock;
        this.random = random;
    }

    /** Takes in a look that was recorded; answers when the next one is due. */
    Duration succeeded(AccountWatch watch, Looked looked) {
        Instant now = now();
        Account before = watch.account();
        looked.loginDelay().ifPresent(watch::learned);
        Failure missing =
                looked.missing().isEmpty()
                        ? null
                        : new Failure(
                                FailureCode.MAILBOX_MISSING,
                                "the server has no mailbox " + looked.missing(),
                                before.failure() == null ? now : before.failure().since(),
                                1);
        watch.succeeded(now, missing);
        lastChecked.note(before.id(), now);
        saveState(watch, before);
        Duration interval = Backoff.jittered(pace.interval(before), pace.jitter(), random);
        return interval.compareTo(watch.loginDelay()) < 0 ? watch.loginDelay() : interval;
    }

    /** Takes in a look that failed; answers when the next one is due. */
    Duration failed(AccountWatch watch, MailFailure failure) {
        Account before = watch.account();
        watch.failed(failure, now());
        saveState(watch, before);
        Failure now = watch.account().failure();
        Duration wait = Backoff.after(failure.code(), now == null ? 1 : now.attempts(), random);
        return failure.retryAfter().filter(asked -> asked.compareTo(wait) > 0).orElse(wait);
    }

    /** Writes where the account stands, if that is news. */
    private void saveState(AccountWatch watch, Account before) {
        Account after = watch.account();
        boolean same =
                before.state() == after.state()
                        && Objects.equals(before.failure(), after.failure());
        if (same || watch.hasEnded()) {
            return;
        }
        // The first failure of a kind is news; the same again at every retry would only fill the
        // log.
        boolean news =
                before.state() != after.state()
                        || codeOf(before.failure()) != codeOf(after.failure());
        if (news) {
            LOG.info(
                    "Account {} ({}): {}{}",
                    after.id(),
                    after.mail().host(),
                    after.state().wireName(),
                    after.failure() == null
                            ? ""
                            : ", "
                                    + after.failure().code().wireName()
                                    + ": "
                                    + after.failure().message());
        }
        accounts.setState(after.id(), after.state(), after.stateSince(), after.failure());
    }

    private static @Nullable FailureCode codeOf(@Nullable Failure failure) {
        return failure == null ? null : failure.code();
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
