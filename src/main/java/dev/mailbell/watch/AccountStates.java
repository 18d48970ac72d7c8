package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.Failure;
import dev.mailbell.delivery.NewEvent;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.FailureCode;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Writes where accounts stand, together with the event that tells of it, in one transaction; only
 * what is news.
 */
final class AccountStates {
    /** A failure that lasts so long is told. */
    private static final Duration TOLD_AFTER = Duration.ofMinutes(10);

    private final Jdbi jdbi;
    private final DatabaseGate gate;
    private final Outbox outbox;
    private final HostLog log;

    AccountStates(Jdbi jdbi, DatabaseGate gate, Outbox outbox, HostLog log) {
        this.jdbi = jdbi;
        this.gate = gate;
        this.outbox = outbox;
        this.log = log;
    }

    /**
     * Lets a look's outcome change where an account stands, and writes that if it is news, or if an
     * earlier write was missed.
     *
     * @param outcome changes the watch
     */
    void save(AccountWatch watch, Instant now, Runnable outcome) {
        boolean everWorked = watch.hasEverWorked();
        outcome.run();
        Account before = watch.saved();
        Account after = watch.account();
        boolean same =
                before.state() == after.state()
                        && Objects.equals(before.failure(), after.failure());
        if (watch.hasEnded() || same) {
            return;
        }
        // The first failure of a kind is news; the same again at every retry is not.
        if (before.state() != after.state() || codeOf(before) != codeOf(after)) {
            log.news(after);
        }
        Optional<EventType> news = news(watch, before, after, now, everWorked);
        boolean told =
                after.state() == AccountState.RETRYING
                        && (watch.isRetryingTold()
                                || news.equals(Optional.of(EventType.ACCOUNT_RETRYING)));
        write(after, now, told, news).ifPresent(Outbox.Pending::committed);
        watch.saved(after);
        watch.retryingTold(told);
    }

    private Optional<Outbox.Pending> write(
            Account after, Instant now, boolean told, Optional<EventType> news) {
        return gate.through(() ->
                jdbi.inTransaction(handle -> {
                    boolean written =
                            AccountStore.setState(
                                    handle,
                                    after.id(),
                                    after.state(),
                                    after.stateSince(),
                                    after.failure(),
                                    told);
                    if (!written || news.isEmpty()) {
                        return Optional.empty();
                    }
                    Event event = Announcement.of(after, news.get(), now);
                    return Optional.of(
                            outbox.add(
                                    handle.getConnection(),
                                    new NewEvent(
                                            event, null, after.shard(), after.labels(), null)));
                }));
    }

    private static Optional<EventType> news(
            AccountWatch watch, Account before, Account after, Instant now, boolean everWorked) {
        AccountState was = before.state();
        return switch (after.state()) {
            case WATCHING -> {
                if (was == AccountState.CONNECTING || was != AccountState.WATCHING && !everWorked) {
                    yield Optional.of(EventType.ACCOUNT_CONNECTED);
                }
                yield was == AccountState.PARKED || watch.isRetryingTold()
                        ? Optional.of(EventType.ACCOUNT_RECOVERED)
                        : Optional.empty();
            }
            case PARKED ->
                    was == AccountState.PARKED
                            ? Optional.empty()
                            : Optional.of(EventType.ACCOUNT_PARKED);
            case RETRYING ->
                    !watch.isRetryingTold() && lastsLong(after.failure(), now)
                            ? Optional.of(EventType.ACCOUNT_RETRYING)
                            : Optional.empty();
            case CONNECTING, PAUSED -> Optional.empty();
        };
    }

    private static boolean lastsLong(@Nullable Failure failure, Instant now) {
        return failure != null && !failure.since().plus(TOLD_AFTER).isAfter(now);
    }

    private static @Nullable FailureCode codeOf(Account account) {
        Failure failure = account.failure();
        return failure == null ? null : failure.code();
    }
}
