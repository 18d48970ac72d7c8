package dev.mailbell.mail.imap;

import static dev.mailbell.mark.ImapMark.UID_LIMIT;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.LookRequest;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mark.ImapMark;
import dev.mailbell.mark.ImapObservation;
import dev.mailbell.mark.UidSet;
import org.jspecify.annotations.Nullable;

/**
 * One look at one mailbox. UIDs ascend strictly and UIDNEXT changes when messages are added and
 * only then (RFC 9051, section 2.3.1.1), so the same UIDVALIDITY and UIDNEXT prove that nothing has
 * come; everything else is counted by a search.
 */
final class ImapLook {
    /** How often the view is taken anew when messages come or go in between. */
    private static final int ATTEMPTS = 3;

    private final Mailboxes mailboxes;
    private final LookRequest request;
    private final @Nullable ImapMark mark;
    private final boolean upToDate;

    /**
     * @param upToDate whether the mailbox, if it is open, is as the server last told: then it need
     *     not be opened anew
     */
    ImapLook(Mailboxes mailboxes, LookRequest request, boolean upToDate) {
        this.mailboxes = mailboxes;
        this.request = request;
        this.mark = (ImapMark) request.mark();
        this.upToDate = upToDate;
    }

    /** What the mailbox holds at one moment. */
    private record View(int total, long topUid, UidSet found) {}

    ImapObservation observe() {
        Selected open = upToDate ? mailboxes.open(request.mailbox()) : null;
        return mark != null
                        && open != null
                        && open.exists() >= 0
                        && open.uidValidity() == mark.uidValidity()
                ? observeOpen(open, mark)
                : observeAnew();
    }

    /**
     * The mailbox has been open since an earlier look. What it said then of UIDNEXT is outdated,
     * and within a session UIDs only grow, so the search alone tells.
     */
    private ImapObservation observeOpen(Selected box, ImapMark before) {
        long from = searchFrom(true);
        View view = view(box, from);
        return new ImapObservation(
                before.uidValidity(),
                Math.max(before.uidNext(), view.topUid() + 1),
                view.total(),
                view.topUid(),
                from,
                view.found(),
                0);
    }

    private ImapObservation observeAnew() {
        Status status = Status.UNKNOWN;
        if (mark != null && !request.exhaustive()) {
            status = mailboxes.status(request.mailbox());
            if (status.proves(mark)) {
                return unchanged(mark);
            }
        }
        Selected box = mailboxes.examine(request.mailbox());
        box.lookBegins();
        if (box.exists() < 0) {
            throw protocolError("does not say how many messages the mailbox has");
        }
        long validity = box.uidValidity() > 0 ? box.uidValidity() : status.uidValidity();
        if (validity < 1) {
            throw protocolError(
                    "offers no usable UIDs (its UIDVALIDITY is 0 or absent), so new messages cannot"
                            + " be told from old ones; try POP3");
        }
        boolean same = mark != null && mark.uidValidity() == validity;
        if (same && mark != null && !request.exhaustive() && isUnchanged(box, status, mark)) {
            return unchanged(mark);
        }
        long from = searchFrom(same);
        View view = view(box, from);
        long uidNext = uidNext(box, status, validity, view);
        boolean told =
                box.uidNext() > 0 || status.uidNext() > 0 && status.uidValidity() == validity;
        if (same && mark != null && !told) {
            uidNext = Math.max(uidNext, mark.uidNext());
        }
        boolean reset = mark != null && (!same || uidNext < mark.uidNext());
        int arrived =
                reset && request.lastLook() != null
                        ? new Arrivals(mailboxes).since(request.lastLook(), box.exists())
                        : 0;
        return new ImapObservation(
                validity,
                uidNext,
                view.total(),
                view.topUid(),
                from == UID_LIMIT ? uidNext : from,
                view.found(),
                arrived);
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

    /** Where there is no UIDNEXT, the last message says the same when it still is where it was. */
    private boolean isUnchanged(Selected box, Status status, ImapMark before) {
        if (box.exists() != before.total()) {
            return false;
        }
        if (box.uidNext() > 0) {
            return box.uidNext() == before.uidNext();
        }
        return status.uidNext() < 0
                && before.total() > 0
                && mailboxes.uidOf(before.total()) == before.topUid();
    }

    /** The first UID to search for; {@link ImapMark#UID_LIMIT} for no search. */
    private long searchFrom(boolean same) {
        long asked = request.searchFrom() < 1 ? UID_LIMIT : request.searchFrom();
        if (mark == null) {
            return asked;
        }
        if (!same && asked >= mark.uidNext()) {
            // Only a client that names a position of its own needs to know what is there.
            return UID_LIMIT;
        }
        return Math.min(asked, mark.uidNext());
    }

    private View view(Selected box, long from) {
        for (int attempt = 1; ; attempt++) {
            boolean last = attempt == ATTEMPTS;
            int version = box.version();
            int total = box.exists();
            box.lookBegins();
            UidSet found = from == UID_LIMIT ? UidSet.empty() : search(from, total);
            long top = found.isEmpty() ? topUid(total) : found.last();
            boolean complete = top >= 0 && (from == UID_LIMIT || !found.isEmpty() || top < from);
            if (complete && (last || from == UID_LIMIT || version == box.version())) {
                return new View(found.isEmpty() ? total : box.exists(), top, found);
            }
            if (last) {
                throw protocolError(
                        top < 0
                                ? "does not tell the UID of message " + total
                                : "does not find message " + total + ", whose UID is " + top);
            }
            mailboxes.noop();
        }
    }

    /**
     * Never {@code from:*}: that finds the last message even when its UID is lower (RFC 9051,
     * section 6.4.8). Servers may do so with an upper bound too, so what is below is dropped.
     */
    private UidSet search(long from, int total) {
        return mailboxes.search("UID " + from + ":" + (UID_LIMIT - 1), total).from(from);
    }

    private long topUid(int total) {
        return total == 0 ? 0 : mailboxes.uidOf(total);
    }

    /**
     * UIDNEXT as it was before the search, so that everything below it has been seen; never at or
     * below a UID that there is, whatever the server says.
     */
    private static long uidNext(Selected box, Status status, long validity, View view) {
        long uidNext = Math.max(1, box.uidNext());
        if (status.uidValidity() == validity) {
            uidNext = Math.max(uidNext, status.uidNext());
        }
        return Math.max(uidNext, view.topUid() + 1);
    }

    private static MailFailure protocolError(String what) {
        return new MailFailure(FailureCode.PROTOCOL_ERROR, "The server " + what + ".");
    }
}
