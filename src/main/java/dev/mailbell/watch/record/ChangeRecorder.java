package dev.mailbell.watch.record;

import dev.mailbell.account.Account;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.FencedException;
import dev.mailbell.database.Sql;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.detection.Change;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.Envelope;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Makes a check's result durable: the mailbox's new mark, the event and its deliveries in one
 * transaction, and only if the mailbox's row has the version that the check started from and no
 * other node has taken the account's shard. Of two checks at once the second writes nothing.
 */
public final class ChangeRecorder {
    private final Jdbi jdbi;
    private final DatabasePermits database;
    private final Outbox outbox;
    private final InstantSource clock;

    public ChangeRecorder(Jdbi jdbi, DatabasePermits database, Outbox outbox, InstantSource clock) {
        this.jdbi = jdbi;
        this.database = database;
        this.outbox = outbox;
        this.clock = clock;
    }

    /**
     * What was written.
     *
     * @param pending null when there was nothing to announce
     */
    private record Written(Outbox.@Nullable Pending pending) {}

    /**
     * Records a change.
     *
     * @param before the mailbox as the check started from it
     * @param knownBefore POP3: the messages known then; asked for only when they changed
     * @param fence of the account's shard
     * @return the mailbox as it is now; empty when its row was changed meanwhile, or removed
     * @throws FencedException when another node has taken the shard: nothing was written
     */
    public Optional<Mailbox> record(
            Account account,
            Mailbox before,
            Change change,
            Supplier<KnownMessages> knownBefore,
            List<Envelope> envelopes,
            String source,
            ShardFence fence) {
        if (change.kind() == Change.Kind.NOTHING) {
            // What the state keeps only in memory may differ.
            return Optional.of(
                    new Mailbox(
                            account.id(),
                            before.name(),
                            before.version(),
                            change.next(),
                            before.lastCheckedAt()));
        }
        // What is announced and what is stored are the same instant.
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        Sql advance =
                MailboxStore.advance(
                                account.id(), before.name(), before.version(), change.next(), now)
                        .then(" and ")
                        .then(fence.condition());
        Optional<NewEvent> event =
                MailboxEvents.of(account, before.name(), change, envelopes, source, now)
                        .map(fact ->
                                new NewEvent(
                                        fact,
                                        before.name(),
                                        account.shard(),
                                        account.labels(),
                                        fact.type() == EventType.MAIL_NEW
                                                ? (Integer) change.newCount()
                                                : null));
        Optional<Written> written =
                database.through(() ->
                        directly(advance, change, event)
                                .or(() ->
                                        inTransaction(
                                                account,
                                                before,
                                                advance,
                                                fence,
                                                change,
                                                knownBefore,
                                                event)));
        written.map(Written::pending).ifPresent(Outbox.Pending::committed);
        return written.map(done ->
                new Mailbox(account.id(), before.name(), before.version() + 1, change.next(), now));
    }

    /** In one statement, for which there must be nothing else to write. */
    private Optional<Written> directly(Sql advance, Change change, Optional<NewEvent> event) {
        if (event.isEmpty() || change.known().isPresent()) {
            return Optional.empty();
        }
        return outbox.addDirectly(advance, event.get()).map(Written::new);
    }

    private Optional<Written> inTransaction(
            Account account,
            Mailbox before,
            Sql advance,
            ShardFence fence,
            Change change,
            Supplier<KnownMessages> knownBefore,
            Optional<NewEvent> event) {
        return jdbi.inTransaction(handle -> {
            if (advance.update(handle.getConnection()) == 0) {
                Fences.requireHolds(handle.getConnection(), fence);
                return Optional.empty();
            }
            change.known()
                    .ifPresent(known ->
                            MailboxStore.replaceKnown(
                                    handle, account.id(), before.name(), knownBefore.get(), known));
            return Optional.of(
                    new Written(
                            event.map(added -> outbox.add(handle.getConnection(), added))
                                    .orElse(null)));
        });
    }
}
