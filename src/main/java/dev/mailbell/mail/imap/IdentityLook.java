package dev.mailbell.mail.imap;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.LookRequest;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Rung;
import dev.mailbell.mark.ImapMark;
import dev.mailbell.mark.ImapObservation;
import dev.mailbell.mark.ImapObservation.Identities;
import dev.mailbell.mark.UidKey;
import dev.mailbell.mark.UidSet;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A look at a mailbox whose UIDs do not last. A message is known by its Message-ID and Date; by
 * INTERNALDATE and size where it has neither. The last message and the number of messages as before
 * mean that nothing has come; anything else lists the whole mailbox.
 */
final class IdentityLook {
    private static final int ATTEMPTS = 3;
    private static final String ITEMS =
            "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE)])";

    private final Mailboxes mailboxes;
    private final LookRequest request;
    private final UidKey keys = new UidKey();

    IdentityLook(Mailboxes mailboxes, LookRequest request) {
        this.mailboxes = mailboxes;
        this.request = request;
    }

    private record Message(long number, long uid, long key, @Nullable Instant arrived) {}

    /** Looks at a mailbox that the mark knows by identities. */
    ImapObservation observe(ImapMark mark, boolean upToDate) {
        Selected open = upToDate ? mailboxes.open(request.mailbox()) : null;
        Selected box = open == null ? mailboxes.examine(request.mailbox()) : open;
        box.lookBegins();
        mailboxes.ladder().restsOn(Rung.IDENTITY);
        if (!request.exhaustive() && box.exists() == mark.total() && hasTop(mark)) {
            box.lookEnds();
            return new ImapObservation(
                    mark.uidValidity(),
                    mark.uidNext(),
                    mark.total(),
                    mark.topUid(),
                    mark.uidNext(),
                    UidSet.empty(),
                    0);
        }
        return listed(box, 0);
    }

    /** Looks at an open mailbox whose UIDs have turned out not to last. */
    ImapObservation takeOver(Selected box, @Nullable ImapMark mark) {
        mailboxes.ladder().restsOn(Rung.IDENTITY);
        return listed(box, mark == null ? 0 : mark.total());
    }

    private boolean hasTop(ImapMark mark) {
        if (mark.total() == 0) {
            return true;
        }
        List<Message> last = fetch(Integer.toString(mark.total()));
        return last.size() == 1 && last.getFirst().key() == mark.topUid();
    }

    private ImapObservation listed(Selected box, int totalBefore) {
        for (int attempt = 1; ; attempt++) {
            int version = box.version();
            box.lookBegins();
            List<Message> messages = box.exists() == 0 ? List.of() : fetch("1:*");
            boolean whole = box.exists() < 0 || messages.size() == box.exists();
            if (whole && (version == box.version() || attempt == ATTEMPTS)) {
                box.lookEnds();
                return observation(box, messages, totalBefore);
            }
            if (attempt == ATTEMPTS) {
                throw new MailFailure(
                        FailureCode.PROTOCOL_ERROR,
                        "The server says that the mailbox has "
                                + box.exists()
                                + " messages but shows the headers of "
                                + messages.size()
                                + ".");
            }
            mailboxes.noop();
        }
    }

    private ImapObservation observation(Selected box, List<Message> messages, int totalBefore) {
        Instant last = request.lastLook();
        Instant since = last == null ? null : last.truncatedTo(ChronoUnit.SECONDS);
        int dated = 0;
        for (Message message : messages) {
            Instant at = message.arrived();
            dated += at != null && since != null && at.isAfter(since) ? 1 : 0;
        }
        if (dated == messages.size() && dated >= totalBefore) {
            // A server that dates all messages with the moment of the look dates none.
            dated = 0;
        }
        return new ImapObservation(
                Math.max(0, box.uidValidity()),
                Math.max(1, box.uidNext()),
                messages.size(),
                0,
                ImapMark.NO_UID,
                UidSet.empty(),
                Math.max(dated, messages.size() - totalBefore),
                box.uidNext() > 0,
                new Identities(
                        messages.stream().mapToLong(Message::uid).toArray(),
                        messages.stream().mapToLong(Message::key).toArray()));
    }

    private List<Message> fetch(String numbers) {
        List<Message> messages = new ArrayList<>();
        Set<Long> seen = new HashSet<>();
        mailboxes.fetchByNumber(
                numbers,
                ITEMS,
                (number, attributes) -> {
                    if (attributes.value("]") instanceof Items.Text header && seen.add(number)) {
                        messages.add(message(number, attributes, header.value()));
                    }
                });
        messages.sort((a, b) -> Long.compare(a.number(), b.number()));
        return messages;
    }

    private Message message(long number, Items.Group attributes, String header) {
        String date =
                attributes.value("INTERNALDATE") instanceof Items.Text text ? text.value() : "";
        String words = header.replaceAll("\\s+", " ").strip();
        boolean named = words.toLowerCase(Locale.ROOT).contains("message-id:");
        byte[] identity =
                (named ? words : words + '\n' + date + '\n' + attributes.number("RFC822.SIZE"))
                        .getBytes(StandardCharsets.ISO_8859_1);
        return new Message(
                number,
                Math.max(0, attributes.number("UID")),
                keys.of(identity, 0, identity.length),
                Arrivals.parsed(date).orElse(null));
    }
}
