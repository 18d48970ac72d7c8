package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.event.Event;
import dev.mailbell.mail.Envelope;
import dev.mailbell.mark.Change;
import dev.mailbell.mark.KnownMessages;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Makes a look's result durable: the mailbox's new mark, the event and its deliveries in one
 * transaction, and only if the mailbox is still as the look found it in the table. Whoever comes
 * second writes nothing.
 */
final class Recorder {
    private final Jdbi jdbi;
    private final DatabaseGate gate;
    private final Outbox outbox;
    private final InstantSource clock;

    Recorder(Jdbi jdbi, DatabaseGate gate, Outbox outbox, InstantSource clock) {
        this.jdbi = jdbi;
        this.gate = gate;
        this.outbox = outbox;
        this.clock = clock;
    }

    private record Written(@Nullable Mailbox mailbox, Outbox.@Nullable Pending pending) {}

    /**
     * Records a change.
     *
     * @param before the mailbox as the look started from it
     * @param knownBefore POP3: the messages known then; asked for only when they changed
     * @return the mailbox as it is now; empty when it was changed by somebody else meanwhile, or
     *     removed
     */
    Optional<Mailbox> record(
            Account account,
            Mailbox before,
            Change change,
            Supplier<KnownMessages> knownBefore,
            List<Envelope> envelopes,
            String source) {
        if (change.kind() == Change.Kind.NOTHING) {
            return Optional.of(before);
        }
        // What is announced and what is stored are the same instant.
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        Optional<Event> event =
                Announcement.of(account, before.name(), change, envelopes, source, now);
        Written written =
                gate.through(() ->
                        jdbi.inTransaction(handle -> {
                            if (!MailboxStore.advance(
                                    handle,
                                    account.id(),
                                    before.name(),
                                    before.version(),
                                    change.next(),
                                    now)) {
                                return new Written(null, null);
                            }
                            change.known()
                                    .ifPresent(known ->
                                            MailboxStore.replaceKnown(
                                                    handle,
                                                    account.id(),
                                                    before.name(),
                                                    knownBefore.get(),
                                                    known));
                            Outbox.Pending pending =
                                    event.map(fact ->
                                                    outbox.add(
                                                            handle,
                                                            fact,
                                                            before.name(),
                                                            account.shard(),
                                                            account.labels()))
                                            .orElse(null);
                            Mailbox after =
                                    new Mailbox(
                                            account.id(),
                                            before.name(),
                                            before.version() + 1,
                                            change.next(),
                                            now);
                            return new Written(after, pending);
                        }));
        if (written.pending() != null) {
            written.pending().committed();
        }
        return Optional.ofNullable(written.mailbox());
    }
}
