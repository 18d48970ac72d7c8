package dev.mailbell.mail.imap;

import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapObservation;
import dev.mailbell.detection.ImapObservation.Identities;
import dev.mailbell.detection.UidSet;
import dev.mailbell.detection.messages.UidKey;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.imap.protocol.ParenthesizedData;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A look at a mailbox whose UIDs do not last. A message is known by its Message-ID and Date; by
 * Date, INTERNALDATE and size where it has no Message-ID. The last messages as before mean that
 * only what follows them is new; anything else lists the whole mailbox.
 */
public final class IdentityCheck {
    /** Messages of a mailbox that is listed; 300 octets each. */
    public static final int MOST = 100_000;

    /** Of how many messages the mark's key is made: one message may come twice, four hardly do. */
    private static final int WINDOW = 4;

    /** In how many messages before the new ones the window is looked for. */
    private static final int SPAN = 32;

    /** So many new messages are asked for without listing the mailbox. */
    private static final int TAIL = 1_000;

    /** A smaller mailbox is listed whenever messages are missing. */
    private static final int SMALL = 500;

    private static final int ATTEMPTS = 3;

    /** Every header field is longer than this: a size up to it is made up, and so is the date. */
    private static final long NO_SIZE = 2;

    private static final String ITEMS =
            "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE)])";

    private final MailboxCommands mailboxes;
    private final CheckRequest request;
    private final UidKey keys = new UidKey();

    IdentityCheck(MailboxCommands mailboxes, CheckRequest request) {
        this.mailboxes = mailboxes;
        this.request = request;
    }

    private record Message(long number, long uid, long key, @Nullable Instant arrived) {}

    /** Looks at a mailbox that the mark knows by identities. */
    ImapObservation observe(ImapMark mark, boolean upToDate) {
        SelectedMailbox open = upToDate ? mailboxes.open(request.mailbox()) : null;
        SelectedMailbox box = open == null ? mailboxes.examine(request.mailbox()) : open;
        box.lookBegins();
        mailboxes.ladder().restsOn(Proof.IDENTITY);
        Optional<ImapObservation> end =
                request.exhaustive() ? Optional.empty() : atTheEnd(box, mark);
        if (end.isPresent()) {
            box.lookEnds();
            return end.get();
        }
        return listed(box, null);
    }

    /**
     * Looks at an open mailbox whose UIDs do not last, and which was counted by them, if at all.
     */
    ImapObservation takeOver(SelectedMailbox box, @Nullable ImapMark mark) {
        mailboxes.ladder().restsOn(Proof.IDENTITY);
        return listed(box, mark);
    }

    /** Looks for the last messages of the mark; empty where only a listing can tell. */
    private Optional<ImapObservation> atTheEnd(SelectedMailbox box, ImapMark mark) {
        int exists = box.exists();
        if (exists == mark.total()) {
            if (exists == 0) {
                return Optional.of(unchanged(mark));
            }
            List<Message> last = last(box, WINDOW);
            if (!last.isEmpty() && top(last, last.size()) == mark.topUid()) {
                return Optional.of(unchanged(mark));
            }
        }
        boolean fewer = exists < mark.total();
        if (mark.total() == 0 || exists <= (fewer ? SMALL : SPAN) || exists - mark.total() > TAIL) {
            return Optional.empty();
        }
        List<Message> last = last(box, SPAN + Math.max(0, exists - mark.total()));
        int behind = behindWindow(last, mark);
        if (behind < 0) {
            return Optional.empty();
        }
        int below = exists - last.size() + behind;
        boolean gone = below < mark.total();
        // What is pending is counted among the messages that are there.
        return below == 0 || gone && (exists <= SMALL || request.searchFrom() == 1)
                ? Optional.empty()
                : Optional.of(
                        observation(
                                box,
                                below,
                                last.subList(behind, last.size()),
                                top(last, last.size()),
                                0));
    }

    private static ImapObservation unchanged(ImapMark mark) {
        return new ImapObservation(
                mark.uidValidity(),
                mark.uidNext(),
                mark.total(),
                mark.topUid(),
                mark.uidNext(),
                UidSet.empty(),
                0);
    }

    /**
     * How many of these messages come before the first that is behind the mark's last ones; -1
     * where they are not there, or in more than one place.
     */
    private int behindWindow(List<Message> last, ImapMark mark) {
        long below = last.isEmpty() ? 0 : last.getFirst().number() - 1;
        int found = -1;
        for (int end = Math.min(WINDOW, mark.total());
                end <= last.size() && below + end <= mark.total();
                end++) {
            if (top(last, end) == mark.topUid()) {
                if (found >= 0) {
                    return -1;
                }
                found = end;
            }
        }
        return found;
    }

    /** The last messages, or none where they changed meanwhile or the server does not tell. */
    private List<Message> last(SelectedMailbox box, int count) {
        int version = box.version();
        int exists = box.exists();
        int from = Math.max(1, exists - count + 1);
        List<Message> messages = exists < 1 ? List.of() : fetch(from + ":*");
        return version == box.version() && messages.size() == exists - from + 1
                ? messages
                : List.of();
    }

    /** A key of the {@link #WINDOW} messages before {@code end}; 0 for none. */
    private long top(List<Message> messages, int end) {
        if (end == 0) {
            return 0;
        }
        int from = Math.max(0, end - WINDOW);
        ByteBuffer window = ByteBuffer.allocate(WINDOW * Long.BYTES);
        for (Message message : messages.subList(from, end)) {
            window.putLong(message.key());
        }
        return keys.of(window.array(), 0, window.position());
    }

    private ImapObservation listed(SelectedMailbox box, @Nullable ImapMark uids) {
        for (int attempt = 1; ; attempt++) {
            if (box.exists() > MOST) {
                throw new MailFailure(
                        FailureCode.PROTOCOL_ERROR,
                        "The mailbox has "
                                + box.exists()
                                + " messages. The UIDs of this server do not last, and Mailbell"
                                + " counts without UIDs up to "
                                + MOST
                                + " messages.");
            }
            int version = box.version();
            box.lookBegins();
            List<Message> messages = box.exists() == 0 ? List.of() : fetch("1:*");
            boolean whole = box.exists() < 0 || messages.size() == box.exists();
            if (whole && (version == box.version() || attempt == ATTEMPTS)) {
                box.lookEnds();
                return observation(
                        box,
                        0,
                        messages,
                        top(messages, messages.size()),
                        uids == null ? 0 : arrived(box, messages, uids));
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

    /**
     * How many messages have come since a look that knew only UIDs: the growth, the messages dated
     * since, or those with UIDs that were not given then. Each of them is at most the truth.
     */
    private int arrived(SelectedMailbox box, List<Message> messages, ImapMark mark) {
        Instant last = request.lastLook();
        Instant since = last == null ? null : last.truncatedTo(ChronoUnit.SECONDS);
        int dated = 0;
        int above = 0;
        for (Message message : messages) {
            Instant at = message.arrived();
            dated += at != null && since != null && at.isAfter(since) ? 1 : 0;
            above += message.uid() >= mark.uidNext() ? 1 : 0;
        }
        if (dated == messages.size() && dated >= mark.total()) {
            // A server that dates all messages with the moment of the look dates none.
            dated = 0;
        }
        if (box.uidValidity() != mark.uidValidity()) {
            above = 0;
        }
        return Math.max(Math.max(dated, above), messages.size() - mark.total());
    }

    private static ImapObservation observation(
            SelectedMailbox box, int below, List<Message> messages, long topKey, int arrived) {
        return new ImapObservation(
                Math.max(0, box.uidValidity()),
                Math.max(1, box.uidNext()),
                below + messages.size(),
                0,
                ImapMark.NO_UID,
                UidSet.empty(),
                Math.max(0, arrived),
                box.uidNext() > 0,
                new Identities(
                        below,
                        messages.stream().mapToLong(Message::uid).toArray(),
                        messages.stream().mapToLong(Message::key).toArray(),
                        topKey));
    }

    private List<Message> fetch(String numbers) {
        List<Message> messages = new ArrayList<>();
        Set<Long> seen = new HashSet<>();
        mailboxes.fetchByNumber(
                numbers,
                ITEMS,
                (number, attributes) -> {
                    if (attributes.value("]") instanceof ParenthesizedData.Text header
                            && seen.add(number)) {
                        messages.add(message(number, attributes, header.value()));
                    }
                });
        messages.sort((a, b) -> Long.compare(a.number(), b.number()));
        return messages;
    }

    private Message message(long number, ParenthesizedData.Group attributes, String header) {
        String date =
                attributes.value("INTERNALDATE") instanceof ParenthesizedData.Text text
                        ? text.value()
                        : "";
        String words = header.replaceAll("\\s+", " ").strip();
        boolean named = words.toLowerCase(Locale.ROOT).contains("message-id:");
        long size = attributes.number("RFC822.SIZE");
        byte[] identity =
                (named || size <= NO_SIZE ? words : words + '\n' + date + '\n' + size)
                        .getBytes(StandardCharsets.ISO_8859_1);
        return new Message(
                number,
                Math.max(0, attributes.number("UID")),
                keys.of(identity, 0, identity.length),
                Arrivals.parsed(date).orElse(null));
    }
}
