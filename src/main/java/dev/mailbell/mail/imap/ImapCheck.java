package dev.mailbell.mail.imap;

import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapObservation;
import dev.mailbell.detection.UidSet;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.imap.UidProof.View;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One check of one mailbox. UIDs ascend strictly, and UIDNEXT changes only when messages are added
 * (RFC 9051, section 2.3.1.1), so an equal UIDVALIDITY and UIDNEXT prove that no message has
 * arrived. Otherwise a {@link UidProof} counts, and where UIDs are not stable an {@link
 * IdentityCheck}.
 */
final class ImapCheck {
    /** How often a UIDVALIDITY that differs from the mark's is read. */
    private static final int MAX_READS = 3;

    private final MailboxCommands mailboxes;
    private final CheckRequest request;
    private final @Nullable ImapMark mark;
    private final boolean upToDate;
    private final Runnable nextSecond;

    /** Whether the mailbox was opened again after a failed proof; once a check. */
    private boolean reopened;

    /**
     * @param upToDate whether the server's last responses about the open mailbox are current, so
     *     that it need not be opened again
     * @param nextSecond waits until a UIDVALIDITY that the server derives from its clock has
     *     changed
     */
    ImapCheck(
            MailboxCommands mailboxes,
            CheckRequest request,
            boolean upToDate,
            Runnable nextSecond) {
        this.mailboxes = mailboxes;
        this.request = request;
        this.mark = (ImapMark) request.mark();
        this.upToDate = upToDate;
        this.nextSecond = nextSecond;
    }

    ImapObservation observe() {
        if (mark != null && mark.approximate()) {
            return new IdentityCheck(mailboxes, request).observe(mark, upToDate);
        }
        SelectedMailbox open = upToDate ? mailboxes.open(request.mailbox()) : null;
        SelectedMailbox opened = null;
        if (!mailboxes.ladder().trustsUids()) {
            opened = open == null ? examine() : open;
            // A larger mailbox is counted by its UIDs nevertheless.
            if (opened.exists() <= IdentityCheck.MAX_MESSAGES) {
                return new IdentityCheck(mailboxes, request).observeAll(opened, mark);
            }
        }
        return mark != null
                        && open != null
                        && open.exists() >= 0
                        && open.uidValidity() == mark.uidValidity()
                ? observeOpen(open, mark)
                : observeReopened(open == null ? opened : null);
    }

    /**
     * Observes a mailbox that has been open since an earlier check. Its UIDNEXT is outdated, and
     * within a session UIDs only grow, so a search is sufficient.
     */
    private ImapObservation observeOpen(SelectedMailbox box, ImapMark before) {
        long from = searchFrom(true);
        Optional<View> proven = new UidProof(mailboxes, box, before, -1, true, false).of(from);
        if (proven.isEmpty()) {
            // Unsolicited responses may be wrong; the answer to EXAMINE is current.
            reopened = true;
            return observeReopened(null);
        }
        View view = proven.get();
        return new ImapObservation(
                before.uidValidity(),
                Math.max(before.uidNext(), view.topUid() + 1),
                view.total(),
                view.topUid(),
                view.from(),
                view.found(),
                0,
                true,
                false,
                null);
    }

    /**
     * @param opened the mailbox if this check has already opened it; null otherwise
     */
    private ImapObservation observeReopened(@Nullable SelectedMailbox opened) {
        Status status = Status.UNKNOWN;
        if (opened == null
                && mark != null
                && !request.exhaustive()
                && mailboxes.ladder().trusts(Proof.STATUS)) {
            status = mailboxes.status(request.mailbox());
            boolean due =
                    mailboxes.ladder().isStatusDue(request.mailbox(), request.lastCheckedAt());
            if (status.proves(mark) && !due) {
                return unchanged(mark);
            }
        }
        SelectedMailbox box = opened == null ? examine() : opened;
        if (mark != null && status.proves(mark) && contradicts(box, mark)) {
            status = Status.UNKNOWN;
            box = afterStaleStatus(mark);
        }
        if (box.uidValidity() < 1 && status.equals(Status.UNKNOWN)) {
            // A delayed UIDVALIDITY arrives with this answer.
            status = mailboxes.statusOfOpen(request.mailbox());
        }
        box.complete(status);
        long validity = box.uidValidity();
        if (validity < 1) {
            box = examine();
            validity = box.uidValidity();
        }
        if (validity < 1) {
            if (mark != null && box.exists() == 0) {
                // SmarterMail gives an empty mailbox the UIDVALIDITY 0.
                return withoutNew(mark, 0, 0);
            }
            if (mark != null) {
                throw new MailFailure(
                        FailureCode.PROTOCOL_ERROR,
                        "The server no longer sends the UIDVALIDITY of the mailbox, which it sent before.");
            }
            return new IdentityCheck(mailboxes, request).observeAll(box, null);
        }
        if (mark != null && validity != mark.uidValidity()) {
            boolean differs = status.uidValidity() > 0 && status.uidValidity() != validity;
            for (int read = 1; validity != mark.uidValidity() && read < MAX_READS; read++) {
                if (!differs && read > 1) {
                    break;
                }
                long before = validity;
                if (!differs) {
                    nextSecond.run();
                }
                box = examine();
                validity = box.uidValidity();
                differs |= validity != before;
            }
            if (validity != mark.uidValidity() && differs) {
                return new IdentityCheck(mailboxes, request).observeAll(box, mark);
            }
        } else if (mark != null
                && status.uidValidity() > 0
                && status.uidValidity() != mark.uidValidity()) {
            mailboxes
                    .ladder()
                    .failed(Proof.STATUS, "gives another UIDVALIDITY in STATUS than in EXAMINE");
        }
        boolean same = mark != null && mark.uidValidity() == validity;
        if (same && mark != null && !request.exhaustive() && isUnchanged(box, status, mark)) {
            return unchanged(mark);
        }
        return counted(box, status, validity, same ? mark : null);
    }

    private static boolean contradicts(SelectedMailbox box, ImapMark mark) {
        return box.exists() >= 0 && box.exists() != mark.total()
                || box.uidNext() > mark.uidNext()
                || box.uidValidity() > 0 && box.uidValidity() != mark.uidValidity();
    }

    /**
     * STATUS gave the mark's values, EXAMINE others. Mail may have arrived in between, so STATUS is
     * asked once more; it is wrong if it still gives them.
     */
    private SelectedMailbox afterStaleStatus(ImapMark mark) {
        if (mailboxes.statusAgain(request.mailbox()).proves(mark)) {
            mailboxes.ladder().failed(Proof.STATUS, "gives older values in STATUS than in EXAMINE");
        }
        SelectedMailbox open = mailboxes.open(request.mailbox());
        return open == null ? examine() : open;
    }

    private SelectedMailbox examine() {
        SelectedMailbox box = mailboxes.examine(request.mailbox());
        box.beginCheck();
        return box;
    }

    /**
     * @param before the mark if its UIDVALIDITY is unchanged; null otherwise
     */
    private ImapObservation counted(
            SelectedMailbox box, Status status, long validity, @Nullable ImapMark before) {
        long uidNextGiven = Math.max(-1, box.uidNext());
        if (status.uidValidity() == validity) {
            uidNextGiven = Math.max(uidNextGiven, status.uidNext());
        }
        long from = searchFrom(before != null);
        if (before != null
                && !before.gaps().isEmpty()
                && uidNextGiven > 0
                && uidNextGiven < before.uidNext()) {
            // UIDNEXT was too high before, so new messages have UIDs in the gaps.
            from = Math.min(from, before.gaps().first());
        }
        int version = box.version();
        UidProof proof = new UidProof(mailboxes, box, before, uidNextGiven, false, reopened);
        boolean beyondAll = from == ImapMark.UID_LIMIT && uidNextGiven <= ImapMark.UID_LIMIT;
        Optional<View> found =
                from == ImapMark.NO_UID || beyondAll
                        ? Optional.of(proof.withoutSearch())
                        : proof.of(from);
        if (found.isEmpty()) {
            if (reopened || version == box.version()) {
                throw proof.failure();
            }
            reopened = true;
            return observeReopened(null);
        }
        View view = found.get();
        long uidNext = Math.max(Math.max(1, uidNextGiven), view.topUid() + 1);
        if (before != null && uidNextGiven < 1) {
            uidNext = Math.max(uidNext, before.uidNext());
        }
        if (before != null && !view.proven()) {
            // The mark must not move past messages that were not counted.
            uidNext = Math.max(before.uidNext(), view.topUid() + 1);
        }
        boolean isReset = mark != null && (before == null || uidNext <= before.highestSeen());
        int arrived =
                isReset && request.lastCheckedAt() != null
                        ? new Arrivals(mailboxes).since(request.lastCheckedAt(), view.total())
                        : 0;
        return new ImapObservation(
                validity,
                uidNext,
                view.total(),
                view.topUid(),
                view.from() == ImapMark.NO_UID ? uidNext : view.from(),
                view.found(),
                arrived,
                uidNextGiven > 0,
                true,
                null);
    }

    private ImapObservation unchanged(ImapMark before) {
        return withoutNew(before, before.total(), before.topUid());
    }

    private ImapObservation withoutNew(ImapMark before, int total, long topUid) {
        mailboxes.ladder().restsOn(Proof.STATUS);
        return new ImapObservation(
                before.uidValidity(),
                before.uidNext(),
                total,
                topUid,
                before.uidNext(),
                UidSet.empty(),
                0);
    }

    /**
     * Whether the mailbox is unchanged. Without a usable UIDNEXT, an equal number of messages and
     * an equal UID of the last one prove it.
     */
    private boolean isUnchanged(SelectedMailbox box, Status status, ImapMark before) {
        if (box.exists() != before.total()) {
            return false;
        }
        boolean trusted = mailboxes.ladder().trusts(Proof.STATUS);
        if (box.uidNext() > 0 && (trusted || box.uidNext() != before.uidNext())) {
            return box.uidNext() == before.uidNext();
        }
        return (status.uidNext() < 0 || !trusted)
                && before.total() > 0
                && mailboxes.uids().uidOf(before.total()) == before.topUid();
    }

    /** The first UID to search for; {@link ImapMark#NO_UID} for no search. */
    private long searchFrom(boolean same) {
        long asked = request.searchFrom() < 1 ? ImapMark.NO_UID : request.searchFrom();
        if (mark == null) {
            return asked;
        }
        if (!same && asked >= mark.uidNext()) {
            // Only a new position of the client needs the UIDs of the mailbox.
            return ImapMark.NO_UID;
        }
        return Math.min(asked, mark.uidNext());
    }
}
