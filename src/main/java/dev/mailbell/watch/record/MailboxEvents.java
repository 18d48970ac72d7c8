package dev.mailbell.watch.record;

import dev.mailbell.account.Account;
import dev.mailbell.account.Failure;
import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.Mark;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.Envelope;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Makes the event of a check's result: the JSON that webhooks and the feed carry. */
public final class MailboxEvents {
    private static final JsonMapper JSON = new JsonMapper();

    private MailboxEvents() {}

    /** The event of a change; empty when there is nothing to announce. */
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
        Mark mark =
                Objects.requireNonNull(
                        change.next().mark(), "a change that is announced has a mark");
        ObjectNode payload = head(account, type, now);
        ObjectNode data = (ObjectNode) payload.get("data");
        data.put("mailbox", mailbox)
                .put("newCount", change.newCount())
                .put("pendingCount", change.next().pending())
                .put("total", mark.total());
        ObjectNode high = data.putObject("mark");
        high.put("maxId", mark.total()).put("uid", mark.topUidText());
        if (mark instanceof ImapMark imap && imap.uidValidity() > 0) {
            high.put("uidValidity", imap.uidValidity());
        } else {
            high.putNull("uidValidity");
        }
        if (change.approximate()) {
            data.put("approximate", true);
        }
        data.put("source", source).put("detectedAt", now.toString());
        if (!envelopes.isEmpty()) {
            var list = data.putArray("envelopes");
            for (Envelope envelope : envelopes) {
                Instant date = envelope.date();
                list.addObject()
                        .put("uid", envelope.uid())
                        .put("from", envelope.from())
                        .put("subject", envelope.subject())
                        .put("date", date == null ? null : date.toString());
            }
        }
        return Optional.of(event(account, type, now, payload));
    }

    /** The event of an account's life: it is seen for the first time, fails, or is seen again. */
    public static Event of(Account account, EventType type, Instant now) {
        ObjectNode payload = head(account, type, now);
        ObjectNode data = (ObjectNode) payload.get("data");
        data.put("state", account.state().wireName());
        Failure failure = account.failure();
        if (failure == null) {
            data.putNull("failure");
        } else {
            data.putObject("failure")
                    .put("code", failure.code().wireName())
                    .put("message", failure.message())
                    .put("since", failure.since().toString())
                    .put("attempts", failure.attempts());
        }
        return event(account, type, now, payload);
    }

    private static ObjectNode head(Account account, EventType type, Instant now) {
        ObjectNode payload = JSON.createObjectNode();
        payload.put("type", type.wireName()).put("timestamp", now.toString());
        payload.putObject("data")
                .put("accountId", account.id().toString())
                .put("ref", account.ref())
                .put("address", account.address());
        return payload;
    }

    private static Event event(Account account, EventType type, Instant now, ObjectNode payload) {
        return new Event(
                Ids.next(),
                account.clientId(),
                account.id(),
                type,
                now,
                JSON.writeValueAsString(payload));
    }
}
