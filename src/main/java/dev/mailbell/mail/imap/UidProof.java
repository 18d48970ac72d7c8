package dev.mailbell.mail.imap;

import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.UidSet;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the messages of the open mailbox from a UID on, and takes no answer that contradicts what
 * else the server says. An answer that does is asked for again, then in the next dearer way. The
 * number of commands is bounded: {@value #ATTEMPTS} attempts at each of four rungs.
 *
 * <p>The arithmetic: of E messages H are found, so message number E - H must lie below the search.
 * Since messages below the mark only go, E - H is at most the mark's total.
 */
final class UidProof {
    private static final int ATTEMPTS = 3;

    /** How often one rung may contradict; once where the mailbox was opened anew for the proof. */
    private static final int CONTRADICTIONS = 2;

    private static final List<Proof> RUNGS =
            List.of(Proof.ESEARCH, Proof.SEARCH, Proof.FETCH_NEW, Proof.FETCH_ALL);

    private final MailboxCommands mailboxes;
    private final UidQueries queries;
    private final ProofLadder ladder;
    private final SelectedMailbox box;
    private final @Nullable ImapMark before;
    private final long uidNext;
    private final boolean sameSession;
    private final int contradictions;
    private final List<Refuted> refuted = new ArrayList<>();
    private String fault = "";
    private long lowest = ImapMark.NO_UID;
    private final int opened;
    private @Nullable UidSet lastAnswer;

    /**
     * @param before the mark, when its UIDs mean what they meant; null otherwise
     * @param uidNext UIDNEXT as the server gave it before; -1 when it did not
     * @param sameSession whether the mailbox has been open since the look that made the mark: then
     *     only the cheapest rung is tried
     * @param again whether a proof of this look has failed before
     */
    UidProof(
            MailboxCommands mailboxes,
            SelectedMailbox box,
            @Nullable ImapMark before,
            long uidNext,
            boolean sameSession,
            boolean again) {
        this.mailboxes = mailboxes;
        this.queries = mailboxes.uids();
        this.ladder = mailboxes.ladder();
        this.box = box;
        this.before = before;
        this.uidNext = uidNext;
        this.sameSession = sameSession;
        this.contradictions = again ? 1 : CONTRADICTIONS;
        this.opened = box.version();
    }

    /**
     * What the mailbox holds at one moment.
     *
     * @param topUid the UID of the last message; 0 for none, or where the server does not tell it
     * @param from the first UID that was asked for
     * @param proven whether no message from there on can have been missed
     */
    record View(int total, long topUid, long from, UidSet found, boolean proven) {}

    /** An answer that was not taken. */
    private record Refuted(Proof rung, String why, UidSet uids) {}

    /** The number of messages and the last one's UID, without a search. */
    View ofNothing() {
        for (int attempt = 1; attempt <= ATTEMPTS && box.exists() >= 0; attempt++) {
            int total = box.exists();
            box.lookBegins();
            long top = total == 0 ? 0 : queries.uidOf(total);
            if (top >= 0) {
                box.lookEnds();
                ladder.restsOn(Proof.STATUS);
                return new View(total, top, ImapMark.NO_UID, UidSet.empty(), true);
            }
            fault = "does not tell the UID of message " + total;
            mailboxes.noop();
        }
        UidQueries.Answer all = queries.ask(Proof.FETCH_ALL, 1);
        UidSet uids = all.uids();
        if (uids != null && (!uids.isEmpty() || box.exists() == 0)) {
            ladder.restsOn(Proof.FETCH_ALL);
            int total = box.exists() < 0 ? size(uids) : box.exists();
            return new View(
                    total, uids.isEmpty() ? 0 : uids.last(), ImapMark.NO_UID, UidSet.empty(), true);
        }
        if (box.exists() > 0 && uidNext > 0) {
            return new View(box.exists(), 0, ImapMark.NO_UID, UidSet.empty(), true);
        }
        throw failed(box.exists() < 0 ? "does not say how many messages the mailbox has" : fault);
    }

    /**
     * The messages whose UID is {@code from} or higher; empty where every answer contradicts what
     * else the server says, or is refused.
     */
    Optional<View> of(long from) {
        lowest = from;
        for (Proof rung : RUNGS) {
            if (queries.offers(rung) && (box.exists() >= 0 || rung == Proof.FETCH_ALL)) {
                Optional<View> view = by(rung);
                if (view.isPresent()) {
                    ladder.restsOn(rung);
                    remember(view.get());
                    box.lookEnds();
                    return view;
                }
                if (sameSession) {
                    // Opening the mailbox anew is cheaper than any further rung.
                    break;
                }
            }
        }
        return Optional.empty();
    }

    /** Why {@link #of} is empty. */
    MailFailure failure() {
        return failed(fault);
    }

    private Optional<View> by(Proof rung) {
        int contradicted = 0;
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            int version = box.version();
            box.lookBegins();
            UidQueries.Answer answer = queries.ask(rung, lowest);
            UidSet uids = answer.uids();
            if (uids == null) {
                fault = answer.fault();
                return Optional.empty();
            }
            boolean all = rung == Proof.FETCH_ALL;
            if (version != box.version() && attempt < ATTEMPTS) {
                // Messages came or went meanwhile: the answer is of another moment.
                mailboxes.noop();
                continue;
            }
            boolean repeated = lastAnswer != null && uids.equals(lastAnswer);
            lastAnswer = uids;
            if (isBeyondNext(uids) && repeated) {
                lags(uids.last());
            }
            View view =
                    isBeyondNext(uids) && !repeated
                            ? beyondNext(uids)
                            : all ? whole(uids) : held(uids, lowest);
            if (view.proven()) {
                return Optional.of(view);
            }
            if (all && repeated && isBelievable(uids)) {
                return Optional.of(view);
            }
            refuted.add(new Refuted(rung, fault, uids));
            contradicted += !all && uids.size() > box.exists() ? CONTRADICTIONS : 1;
            if (before != null && !before.gaps().isEmpty()) {
                // What was passed may have appeared.
                lowest = Math.min(lowest, before.gaps().first());
            }
            // A listing of the whole mailbox is believed when it comes twice.
            int most = all ? CONTRADICTIONS : contradictions;
            if (contradicted >= most || attempt == ATTEMPTS) {
                return Optional.empty();
            }
            mailboxes.noop();
        }
        return Optional.empty();
    }

    /**
     * Whether a message has a UID that UIDNEXT says is not given yet, although none was announced
     * since. A server that says so again has a UIDNEXT that lags.
     */
    private boolean isBeyondNext(UidSet uids) {
        return uidNext > 0 && !uids.isEmpty() && uids.last() >= uidNext && box.version() == opened;
    }

    /** Then an arrival and a removal at once may leave all that STATUS says as it was. */
    private void lags(long uid) {
        ladder.failed(
                Proof.STATUS,
                "has a message with the UID " + uid + " where it says that UIDNEXT is " + uidNext);
    }

    private View beyondNext(UidSet uids) {
        fault = "finds UID " + uids.last() + " where UIDNEXT is " + uidNext;
        return new View(box.exists(), 0, lowest, uids, false);
    }

    /**
     * What the server lists twice is there, whatever number it gives; but a listing of nothing is
     * no listing.
     */
    private static boolean isBelievable(UidSet uids) {
        return !uids.isEmpty() && uids.size() <= Integer.MAX_VALUE;
    }

    /** A listing of the whole mailbox must be as long as the server says. */
    private View whole(UidSet uids) {
        int exists = box.exists();
        boolean proven = exists == uids.size() || exists < 0 && !uids.isEmpty();
        if (!proven) {
            fault = "says that the mailbox has " + exists + " messages but lists " + uids.size();
        }
        return new View(
                exists < 0 ? size(uids) : exists,
                uids.isEmpty() ? 0 : uids.last(),
                1,
                uids,
                proven);
    }

    private View held(UidSet uids, long from) {
        int exists = box.exists();
        long below = exists - uids.size();
        if (below < 0) {
            fault = "finds " + uids.size() + " messages where there are " + exists;
            return new View(exists, 0, from, uids, false);
        }
        boolean explained = true;
        if (before != null) {
            long grown = exists - (long) before.total();
            long fresh = uids.countFrom(before.uidNext());
            explained = grown <= fresh + uids.within(before.gaps()).size();
            if (!explained && refuted.isEmpty()) {
                fault = "has " + grown + " messages more than before, but finds only " + fresh;
                return new View(exists, 0, from, uids, false);
            }
            boolean counted = sameSession && !box.hasRemovals() && grown == fresh;
            // Nothing can be missed where every UID up to UIDNEXT is found.
            boolean complete = uidNext > 0 && fresh >= uidNext - from;
            if (explained && from == before.uidNext() && !uids.isEmpty() && (counted || complete)) {
                return new View(exists, uids.last(), from, uids, true);
            }
        }
        long boundary = below == 0 ? 0 : queries.uidOf((int) below);
        if (uidNext > 0 && boundary >= uidNext && box.version() == opened) {
            lags(boundary);
        }
        // Where the server does not tell it, the number of messages must do.
        if (boundary < 0 && (!explained || uids.isEmpty())) {
            fault = "does not tell the UID of message " + below;
        } else if (boundary >= from) {
            fault = "does not find message " + below + ", whose UID is " + boundary;
        } else {
            return new View(exists, uids.isEmpty() ? boundary : uids.last(), from, uids, true);
        }
        return new View(exists, 0, from, uids, false);
    }

    /** Rungs whose answers a dearer one has refuted are not used at this host for a day. */
    private void remember(View truth) {
        for (Refuted answer : refuted) {
            long from = Math.max(truth.from(), before == null ? 1 : before.uidNext());
            boolean wrong = !answer.uids().from(from).equals(truth.found().from(from));
            // The whole mailbox is too dear to be listed because of one odd answer.
            if (truth.proven()
                    && wrong
                    && answer.rung() != Proof.FETCH_NEW
                    && answer.rung() != Proof.FETCH_ALL
                    && answer.rung() != ladder.used().orElse(answer.rung())) {
                ladder.failed(answer.rung(), answer.why());
            }
        }
    }

    private static int size(UidSet uids) {
        return (int) Math.min(Integer.MAX_VALUE, uids.size());
    }

    private static MailFailure failed(String what) {
        return new MailFailure(FailureCode.PROTOCOL_ERROR, "The server " + what + ".");
    }
}
