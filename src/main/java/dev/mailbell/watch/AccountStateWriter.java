package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.Failure;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.record.HostLog;
import dev.mailbell.watch.record.MailboxEvents;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Writes where accounts stand, together with the event that tells of it, in one transaction; only
 * what is news.
 */
final class AccountStateWriter {
    /** A failure that lasts so long is told. */
    private static final Duration TOLD_AFTER = Duration.ofMinutes(10);

    private final Jdbi jdbi;
    private final DatabasePermits gate;
    private final Outbox outbox;
    private final HostLog log;

    AccountStateWriter(Jdbi jdbi, DatabasePermits gate, Outbox outbox, HostLog log) {
        this.jdbi = jdbi;
        this.gate = gate;
        this.outbox = outbox;
        this.log = log;
    }

    /**
     * What was written.
     *
     * @param pending null when there was no event to write
     */
    private record Written(boolean retryingTold, Outbox.@Nullable Pending pending) {}

    /**
     * Lets a look's outcome change where an account stands, and writes that if it is news, or if an
     * earlier write was missed. A write that was not answered may be in the table all the same:
     * then the next one reads first what is there, so that no event is written twice.
     *
     * @param outcome changes the watch
     */
    void save(WatchedAccount watch, Instant now, Runnable outcome) {
        boolean everWorked = watch.hasEverWorked();
        outcome.run();
        Account before = watch.saved();
        Account after = watch.account();
        boolean doubt = watch.isSavedInDoubt();
        if (watch.hasEnded() || (!doubt && isSame(before, after))) {
            return;
        }
        // The first failure of a kind is news; the same again at every retry is not.
        if (before.state() != after.state() || codeOf(before) != codeOf(after)) {
            log.news(after);
        }
        watch.savedInDoubt(true);
        Known known = new Known(before, watch.isRetryingTold(), everWorked);
        Written written =
                gate.through(() ->
                        jdbi.inTransaction(handle -> {
                            Optional<Known> from =
                                    doubt ? inTable(handle, after) : Optional.of(known);
                            return from.map(stored -> write(handle, watch, stored, after, now))
                                    .orElseGet(() -> new Written(false, null));
                        }));
        watch.savedInDoubt(false);
        Outbox.Pending pending = written.pending();
        if (pending != null) {
            pending.committed();
        }
        watch.saved(after);
        watch.retryingTold(written.retryingTold());
    }

    /** What the next state follows. */
    private record Known(Account account, boolean retryingTold, boolean everWorked) {}

    private static Optional<Known> inTable(Handle handle, Account account) {
        return AccountStateTable.lock(handle, account.id())
                .map(stored ->
                        new Known(
                                stored.account(),
                                stored.retryingTold(),
                                stored.account().lastCheckedAt() != null));
    }

    private static boolean isSame(Account before, Account after) {
        return before.state() == after.state() && Objects.equals(before.failure(), after.failure());
    }

    private Written write(
            Handle handle, WatchedAccount watch, Known before, Account after, Instant now) {
        Optional<EventType> news = news(watch, before, after);
        boolean told =
                after.state() == AccountState.RETRYING
                        && (before.retryingTold()
                                || news.equals(Optional.of(EventType.ACCOUNT_RETRYING)));
        boolean written =
                AccountStateTable.setState(
                        handle,
                        after.id(),
                        after.state(),
                        after.stateSince(),
                        after.failure(),
                        told);
        if (!written || news.isEmpty()) {
            return new Written(told, null);
        }
        Event event = MailboxEvents.of(after, news.get(), now);
        return new Written(
                told,
                outbox.add(
                        handle.getConnection(),
                        new NewEvent(event, null, after.shard(), after.labels(), null)));
    }

    private static Optional<EventType> news(WatchedAccount watch, Known before, Account after) {
        AccountState was = before.account().state();
        return switch (after.state()) {
            case WATCHING -> {
                if (was == AccountState.CONNECTING
                        || was != AccountState.WATCHING && !before.everWorked()) {
                    yield Optional.of(EventType.ACCOUNT_CONNECTED);
                }
                yield was == AccountState.PARKED || before.retryingTold()
                        ? Optional.of(EventType.ACCOUNT_RECOVERED)
                        : Optional.empty();
            }
            case PARKED ->
                    was == AccountState.PARKED
                            ? Optional.empty()
                            : Optional.of(EventType.ACCOUNT_PARKED);
            case RETRYING ->
                    !before.retryingTold() && lastsLong(watch)
                            ? Optional.of(EventType.ACCOUNT_RETRYING)
                            : Optional.empty();
            case CONNECTING, PAUSED -> Optional.empty();
        };
    }

    private static boolean lastsLong(WatchedAccount watch) {
        return watch.rhythm().failingFor().compareTo(TOLD_AFTER) >= 0;
    }

    private static @Nullable FailureCode codeOf(Account account) {
        Failure failure = account.failure();
        return failure == null ? null : failure.code();
    }
}
