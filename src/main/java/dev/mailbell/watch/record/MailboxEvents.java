package dev.mailbell.watch.record;

import dev.mailbell.account.Account;
import dev.mailbell.detection.Change;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventPayloads;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.Envelope;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Makes the event of a change that a check found. */
public final class MailboxEvents {
    private MailboxEvents() {}

    /** The event of a mailbox's change; empty when there is nothing to announce. */
    public static Optional<Event> of(
            Account account,
            String mailbox,
            Change change,
            List<Envelope> envelopes,
            String source,
            Instant now) {
        EventType type =
                switch (change.kind()) {
                    case NOTHING, MOVED -> null;
                    case NEW -> EventType.MAIL_NEW;
                    case BASELINE -> EventType.MAILBOX_BASELINE;
                    case RESET -> EventType.MAILBOX_RESET;
                };
        if (type == null) {
            return Optional.empty();
        }
        return Optional.of(
                event(
                        account,
                        type,
                        now,
                        EventPayloads.mailbox(
                                type, account, mailbox, change, envelopes, source, now)));
    }

    /**
     * The event of a change of the account's state.
     *
     * @param reconnect whether a consent link lets the owner end the failure
     */
    public static Event of(Account account, EventType type, boolean reconnect, Instant now) {
        return event(account, type, now, EventPayloads.account(type, account, reconnect, now));
    }

    private static Event event(Account account, EventType type, Instant now, String payload) {
        return new Event(Ids.next(), account.clientId(), account.id(), type, now, payload);
    }
}
