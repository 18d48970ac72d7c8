package dev.mailbell.watch.check;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.Failure;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.FencedException;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.oauth.OAuthAppStore;
import dev.mailbell.watch.account.StoredState;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.record.Fences;
import dev.mailbell.watch.record.HostLog;
import dev.mailbell.watch.record.MailboxEvents;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Writes changed states of accounts, together with the event that announces the change, in one
 * transaction.
 */
public final class AccountStateWriter {
    /** A failure that lasts this long is announced. */
    private static final Duration ANNOUNCED_AFTER = Duration.ofMinutes(10);

    private final Jdbi jdbi;
    private final DatabasePermits database;
    private final Ownership ownership;
    private final Outbox outbox;
    private final HostLog log;

    public AccountStateWriter(
            Jdbi jdbi, DatabasePermits database, Ownership ownership, Outbox outbox, HostLog log) {
        this.ownership = ownership;
        this.jdbi = jdbi;
        this.database = database;
        this.outbox = outbox;
        this.log = log;
    }

    /**
     * What was written.
     *
     * @param pending null when there was no event to write
     */
    private record Written(boolean retryingAnnounced, Outbox.@Nullable Pending pending) {}

    /**
     * Lets a check's outcome change the account, and writes the new state if it differs from the
     * stored one. A write that was not answered may be in the table all the same: then the next one
     * reads the row first, so that no event is written twice.
     *
     * @param outcome changes the status of the account
     * @throws FencedException when another node watches the account: nothing is written
     */
    public void save(WatchedAccount watched, Instant now, Runnable outcome) {
        boolean everWorked = watched.status().hasEverWorked();
        watched.forgetStateThatMayDiffer();
        StoredState stored = watched.stored();
        outcome.run();
        Account before = stored.account();
        Account after = watched.account();
        boolean unknown = stored.isUnknown();
        if (watched.isVoid() || (!unknown && isSame(before, after))) {
            return;
        }
        ShardFence fence = FencedRecorder.fence(watched, ownership);
        // Logged is the first failure of a kind, not the same at every retry.
        if (before.state() != after.state() || codeOf(before) != codeOf(after)) {
            log.changed(after);
        }
        watched.stored(stored.unknown());
        Known known = new Known(before, stored.retryingAnnounced(), everWorked);
        Written written =
                database.through(() ->
                        jdbi.inTransaction(handle -> {
                            Optional<Known> from =
                                    unknown ? inTable(handle, after) : Optional.of(known);
                            return from.map(row -> write(handle, watched, row, after, now, fence))
                                    .orElseGet(() -> new Written(false, null));
                        }));
        Outbox.Pending pending = written.pending();
        if (pending != null) {
            pending.committed();
        }
        watched.stored(new StoredState(after, written.retryingAnnounced(), false));
    }

    /** The state before, by memory or by the row. */
    private record Known(Account account, boolean retryingAnnounced, boolean everWorked) {}

    private static Optional<Known> inTable(Handle handle, Account account) {
        return AccountStateTable.lock(handle, account.id())
                .map(row ->
                        new Known(
                                row.account(),
                                row.retryingAnnounced(),
                                row.account().lastCheckedAt() != null));
    }

    private static boolean isSame(Account before, Account after) {
        return before.state() == after.state() && Objects.equals(before.failure(), after.failure());
    }

    private Written write(
            Handle handle,
            WatchedAccount watched,
            Known before,
            Account after,
            Instant now,
            ShardFence fence) {
        Optional<EventType> type = eventOf(watched, before, after);
        boolean announced =
                after.state() == AccountState.RETRYING
                        && (before.retryingAnnounced()
                                || type.equals(Optional.of(EventType.ACCOUNT_RETRYING)));
        boolean written =
                AccountStateTable.setState(
                        handle,
                        after.id(),
                        after.state(),
                        after.stateSince(),
                        after.failure(),
                        announced,
                        // A client may have changed the account through another node: what a check
                        // with the old settings found says nothing of the new ones.
                        fence.condition()
                                .then(
                                        " and updated_at = ?",
                                        after.updatedAt().atOffset(ZoneOffset.UTC)));
        if (!written) {
            Fences.requireHolds(handle.getConnection(), fence);
        }
        if (!written || type.isEmpty()) {
            return new Written(announced, null);
        }
        Event event =
                MailboxEvents.of(after, type.get(), canReconnect(handle, after, type.get()), now);
        return new Written(
                announced,
                outbox.add(
                        handle.getConnection(),
                        new NewEvent(event, null, after.shard(), after.labels(), null)));
    }

    /** Whether a consent link lets the owner end the failure that parks the account. */
    private static boolean canReconnect(Handle handle, Account account, EventType type) {
        UUID app = account.app();
        return type == EventType.ACCOUNT_PARKED
                && app != null
                && codeOf(account) == FailureCode.TOKEN_REFUSED
                && OAuthAppStore.allowsConsent(handle, app);
    }

    private static Optional<EventType> eventOf(
            WatchedAccount watched, Known before, Account after) {
        AccountState was = before.account().state();
        return switch (after.state()) {
            case WATCHING -> {
                if (was == AccountState.CONNECTING
                        || was != AccountState.WATCHING && !before.everWorked()) {
                    yield Optional.of(EventType.ACCOUNT_CONNECTED);
                }
                yield was == AccountState.PARKED || before.retryingAnnounced()
                        ? Optional.of(EventType.ACCOUNT_RECOVERED)
                        : Optional.empty();
            }
            case PARKED ->
                    was == AccountState.PARKED
                            ? Optional.empty()
                            : Optional.of(EventType.ACCOUNT_PARKED);
            case RETRYING ->
                    !before.retryingAnnounced() && lastsLong(watched)
                            ? Optional.of(EventType.ACCOUNT_RETRYING)
                            : Optional.empty();
            case CONNECTING, PAUSED -> Optional.empty();
        };
    }

    private static boolean lastsLong(WatchedAccount watched) {
        return watched.adaptive().failingFor().compareTo(ANNOUNCED_AFTER) >= 0;
    }

    private static @Nullable FailureCode codeOf(Account account) {
        Failure failure = account.failure();
        return failure == null ? null : failure.code();
    }
}
