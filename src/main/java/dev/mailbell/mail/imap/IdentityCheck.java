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
import dev.mailbell.mail.imap.IdentifiedMessages.Listing;
import dev.mailbell.mail.imap.IdentifiedMessages.Message;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A check of a mailbox whose UIDs are not stable. A message is identified by Message-ID and Date,
 * or by Date, INTERNALDATE and size if it has no Message-ID. If the last messages of the mark are
 * found, only the messages after them are new; otherwise the whole mailbox is listed.
 */
public final class IdentityCheck {
    /** The maximum number of messages of a mailbox that is listed, at about 300 octets each. */
    public static final int MAX_MESSAGES = 100_000;

    /**
     * From how many messages the mark's key is computed: one message may occur twice, four in a row
     * hardly do.
     */
    private static final int WINDOW = 4;

    /** The number of messages before the new ones in which the window is searched. */
    private static final int SPAN = 32;

    /** The maximum number of new messages fetched without listing the mailbox. */
    private static final int TAIL = 1_000;

    /** A mailbox of up to this many messages is listed whenever messages are missing. */
    private static final int SMALL = 500;

    private static final int ATTEMPTS = 3;

    private final MailboxCommands mailboxes;
    private final CheckRequest request;
    private final UidKey keys = new UidKey();
    private final IdentifiedMessages identified;

    IdentityCheck(MailboxCommands mailboxes, CheckRequest request) {
        this.mailboxes = mailboxes;
        this.request = request;
        this.identified = new IdentifiedMessages(mailboxes, keys);
    }

    /** Observes a mailbox whose mark was made by this check. */
    ImapObservation observe(ImapMark mark, boolean upToDate) {
        SelectedMailbox open = upToDate ? mailboxes.open(request.mailbox()) : null;
        SelectedMailbox box = open == null ? mailboxes.examine(request.mailbox()) : open;
        box.beginCheck();
        mailboxes.ladder().restsOn(Proof.IDENTITY);
        Optional<ImapObservation> end =
                request.exhaustive() ? Optional.empty() : fromLastMessages(box, mark);
        if (end.isPresent()) {
            box.endCheck();
            return end.get();
        }
        return listed(box, mark, false);
    }

    /**
     * Observes an open mailbox that was counted by UIDs, or not at all, and lists all its messages.
     */
    ImapObservation observeAll(SelectedMailbox box, @Nullable ImapMark mark) {
        mailboxes.ladder().restsOn(Proof.IDENTITY);
        return listed(box, mark, true);
    }

    /** Searches for the last messages of the mark; empty where a listing is needed. */
    private Optional<ImapObservation> fromLastMessages(SelectedMailbox box, ImapMark mark) {
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
        int start = endOfWindow(last, mark);
        if (start < 0) {
            return Optional.empty();
        }
        int below = exists - last.size() + start;
        boolean gone = below < mark.total();
        // A listing is needed to count the pending messages.
        return below == 0 || gone && (exists <= SMALL || request.searchFrom() == 1)
                ? Optional.empty()
                : Optional.of(
                        observation(
                                box,
                                below,
                                last.subList(start, last.size()),
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
     * The index after the mark's last messages in this list; -1 if they do not occur exactly once.
     */
    private int endOfWindow(List<Message> last, ImapMark mark) {
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

    /**
     * The last messages; none if the mailbox changed meanwhile or the server does not give them
     * all.
     */
    private List<Message> last(SelectedMailbox box, int count) {
        int version = box.version();
        int exists = box.exists();
        int from = Math.max(1, exists - count + 1);
        List<Message> messages = exists < 1 ? List.of() : identified.fetch(from + ":*").messages();
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

    /**
     * Lists the mailbox. A listing without some of the messages counts if the server repeats it, or
     * if the last check took one of as many messages.
     *
     * @param byUids whether the mark is one of UIDs
     */
    private ImapObservation listed(SelectedMailbox box, @Nullable ImapMark mark, boolean byUids) {
        Listing before = Listing.EMPTY;
        for (int attempt = 1; ; attempt++) {
            if (box.exists() > MAX_MESSAGES) {
                throw new MailFailure(
                        FailureCode.PROTOCOL_ERROR,
                        "The mailbox has "
                                + box.exists()
                                + " messages. The UIDs of this server do not last, and Mailbell"
                                + " counts without UIDs up to "
                                + MAX_MESSAGES
                                + " messages.");
            }
            int version = box.version();
            box.beginCheck();
            Listing listing = box.exists() == 0 ? Listing.EMPTY : identified.fetch("1:*");
            List<Message> messages = listing.messages();
            boolean whole = box.exists() < 0 || messages.size() == box.exists();
            boolean repeated =
                    listing.equals(before)
                            && (!messages.isEmpty() || listing.unreadable() == box.exists());
            boolean known = mark != null && !byUids && isOfPart(messages, mark);
            before = listing;
            if ((whole || repeated || known) && (version == box.version() || attempt == ATTEMPTS)) {
                box.endCheck();
                return observation(
                        box,
                        0,
                        messages,
                        // Of a part there is no proof without a listing: what is missing may come
                        // back while other messages go.
                        whole ? top(messages, messages.size()) : 0,
                        byUids && mark != null ? arrived(box, messages, mark) : 0);
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

    /** Whether the mark is of a listing without some of the messages, and of as many. */
    private static boolean isOfPart(List<Message> messages, ImapMark mark) {
        return mark.topUid() == 0 && mark.total() > 0 && messages.size() == mark.total();
    }

    /**
     * How many messages have arrived since the last check by UIDs: the largest of the growth, the
     * number of messages dated since, and the number of UIDs from the mark's UIDNEXT on. None of
     * the three exceeds the true number.
     */
    private int arrived(SelectedMailbox box, List<Message> messages, ImapMark mark) {
        Instant last = request.lastCheckedAt();
        Instant since = last == null ? null : last.truncatedTo(ChronoUnit.SECONDS);
        int dated = 0;
        int above = 0;
        for (Message message : messages) {
            Instant at = message.arrived();
            dated += at != null && since != null && at.isAfter(since) ? 1 : 0;
            above += message.uid() >= mark.uidNext() ? 1 : 0;
        }
        if (dated == messages.size() && dated >= mark.total()) {
            // A server that gives every message the time of the check has no usable dates.
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
                true,
                new Identities(
                        below,
                        messages.stream().mapToLong(Message::uid).toArray(),
                        messages.stream().mapToLong(Message::key).toArray(),
                        topKey));
    }
}
