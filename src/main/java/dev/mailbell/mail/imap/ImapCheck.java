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
 * One look at one mailbox. UIDs ascend strictly and UIDNEXT changes when messages are added and
 * only then (RFC 9051, section 2.3.1.1), so the same UIDVALIDITY and UIDNEXT prove that nothing has
 * come; everything else is counted by a {@link UidProof}. Where UIDs do not last, an {@link
 * IdentityCheck} counts.
 */
final class ImapCheck {
    /** How often a UIDVALIDITY that differs from the mark's is asked for. */
    private static final int ASKED = 3;

    private final MailboxCommands mailboxes;
    private final CheckRequest request;
    private final @Nullable ImapMark mark;
    private final boolean upToDate;
    private final Runnable nextSecond;

    /** Whether a proof has failed, so that the mailbox was opened anew; once a look. */
    private boolean again;

    /**
     * @param upToDate whether the mailbox, if it is open, is as the server last told: then it need
     *     not be opened anew
     * @param nextSecond waits until a UIDVALIDITY that is made from a clock has changed
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
            opened = open == null ? opened() : open;
            // A larger mailbox is counted by its UIDs, as far as they hold.
            if (opened.exists() <= IdentityCheck.MOST) {
                return new IdentityCheck(mailboxes, request).takeOver(opened, mark);
            }
        }
        return mark != null
                        && open != null
                        && open.exists() >= 0
                        && open.uidValidity() == mark.uidValidity()
                ? observeOpen(open, mark)
                : observeAnew(open == null ? opened : null);
    }

    /**
     * The mailbox has been open since an earlier look. What it said then of UIDNEXT is outdated,
     * and within a session UIDs only grow, so the search alone tells.
     */
    private ImapObservation observeOpen(SelectedMailbox box, ImapMark before) {
        long from = searchFrom(true);
        Optional<View> proven = new UidProof(mailboxes, box, before, -1, true, false).of(from);
        if (proven.isEmpty()) {
            // What was said unasked may be wrong: EXAMINE is answered with how things are.
            again = true;
            return observeAnew(null);
        }
        View view = proven.get();
        return new ImapObservation(
                before.uidValidity(),
                Math.max(before.uidNext(), view.topUid() + 1),
                view.total(),
                view.topUid(),
                view.from(),
                view.found(),
                0);
    }

    /**
     * @param opened the mailbox where this look has opened it already; null otherwise
     */
    private ImapObservation observeAnew(@Nullable SelectedMailbox opened) {
        Status status = Status.UNKNOWN;
        if (opened == null
                && mark != null
                && !request.exhaustive()
                && mailboxes.ladder().trusts(Proof.STATUS)) {
            status = mailboxes.status(request.mailbox());
            if (status.proves(mark)) {
                return unchanged(mark);
            }
        }
        SelectedMailbox box = opened == null ? opened() : opened;
        if (box.uidValidity() < 1 && status.equals(Status.UNKNOWN)) {
            // What comes late comes with this answer.
            status = mailboxes.statusOfOpen(request.mailbox());
        }
        box.complete(status);
        long validity = box.uidValidity();
        if (validity < 1) {
            box = opened();
            validity = box.uidValidity();
        }
        if (validity < 1) {
            if (mark != null) {
                throw new MailFailure(
                        FailureCode.PROTOCOL_ERROR,
                        "The server does not tell the UIDVALIDITY of the mailbox, which it had.");
            }
            return new IdentityCheck(mailboxes, request).takeOver(box, null);
        }
        if (mark != null && validity != mark.uidValidity()) {
            boolean differs = status.uidValidity() > 0 && status.uidValidity() != validity;
            for (int asked = 1; validity != mark.uidValidity() && asked < ASKED; asked++) {
                if (!differs && asked > 1) {
                    break;
                }
                long before = validity;
                if (!differs) {
                    nextSecond.run();
                }
                box = opened();
                validity = box.uidValidity();
                differs |= validity != before;
            }
            if (validity != mark.uidValidity() && differs) {
                return new IdentityCheck(mailboxes, request).takeOver(box, mark);
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

    private SelectedMailbox opened() {
        SelectedMailbox box = mailboxes.examine(request.mailbox());
        box.lookBegins();
        return box;
    }

    /**
     * @param before the mark, when its UIDVALIDITY holds; null otherwise
     */
    private ImapObservation counted(
            SelectedMailbox box, Status status, long validity, @Nullable ImapMark before) {
        long told = Math.max(-1, box.uidNext());
        if (status.uidValidity() == validity) {
            told = Math.max(told, status.uidNext());
        }
        long from = searchFrom(before != null);
        if (before != null && !before.gaps().isEmpty() && told > 0 && told < before.uidNext()) {
            // UIDNEXT was too high before, so what is new has UIDs among the gaps.
            from = Math.min(from, before.gaps().first());
        }
        int version = box.version();
        UidProof proof = new UidProof(mailboxes, box, before, told, false, again);
        boolean beyondAll = from == ImapMark.UID_LIMIT && told <= ImapMark.UID_LIMIT;
        Optional<View> found =
                from == ImapMark.NO_UID || beyondAll
                        ? Optional.of(proof.ofNothing())
                        : proof.of(from);
        if (found.isEmpty()) {
            if (again || version == box.version()) {
                throw proof.failure();
            }
            again = true;
            return observeAnew(null);
        }
        View view = found.get();
        long uidNext = Math.max(Math.max(1, told), view.topUid() + 1);
        if (before != null && told < 1) {
            uidNext = Math.max(uidNext, before.uidNext());
        }
        if (before != null && !view.proven()) {
            // A mark never moves past messages that were not accounted for.
            uidNext = Math.max(before.uidNext(), view.topUid() + 1);
        }
        boolean anew = mark != null && (before == null || uidNext <= before.highestSeen());
        int arrived =
                anew && request.lastLook() != null
                        ? new Arrivals(mailboxes).since(request.lastLook(), view.total())
                        : 0;
        return new ImapObservation(
                validity,
                uidNext,
                view.total(),
                view.topUid(),
                view.from() == ImapMark.NO_UID ? uidNext : view.from(),
                view.found(),
                arrived,
                told > 0,
                null);
    }

    private ImapObservation unchanged(ImapMark before) {
        mailboxes.ladder().restsOn(Proof.STATUS);
        return new ImapObservation(
                before.uidValidity(),
                before.uidNext(),
                before.total(),
                before.topUid(),
                before.uidNext(),
                UidSet.empty(),
                0);
    }

    /**
     * Where there is no UIDNEXT, or one that lags, the last message says the same when it still is
     * where it was.
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
            // Only a client that names a position of its own needs to know what is there.
            return ImapMark.NO_UID;
        }
        return Math.min(asked, mark.uidNext());
    }
}
