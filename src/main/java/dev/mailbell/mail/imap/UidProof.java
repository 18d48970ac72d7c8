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
 * Finds the messages of the open mailbox from a UID on, and rejects answers that contradict other
 * responses of the server. A rejected query is repeated, then replaced by the next more expensive
 * one. The number of commands is bounded: {@value #ATTEMPTS} attempts at each of four proofs.
 *
 * <p>The proof by numbers: if H of E messages are found, the UID of message number E - H must lie
 * below the searched range. Since messages below the mark can only be removed, E - H is at most the
 * mark's total.
 */
final class UidProof {
    private static final int ATTEMPTS = 3;

    /**
     * How many contradicting answers end the attempts at a proof; one if the mailbox was opened
     * again for it.
     */
    private static final int MAX_CONTRADICTIONS = 2;

    private static final List<Proof> PROOFS =
            List.of(Proof.ESEARCH, Proof.SEARCH, Proof.FETCH_NEW, Proof.FETCH_ALL);

    private final MailboxCommands mailboxes;
    private final UidQueries queries;
    private final ProofLadder ladder;
    private final SelectedMailbox box;
    private final @Nullable ImapMark before;
    private final long uidNext;
    private final boolean sameSession;
    private final int maxContradictions;
    private final List<Refuted> refuted = new ArrayList<>();
    private String fault = "";
    private long lowest = ImapMark.NO_UID;
    private final int opened;
    private @Nullable UidSet lastAnswer;

    /**
     * @param before the mark if its UIDVALIDITY is unchanged; null otherwise
     * @param uidNext UIDNEXT as the server gave it before; -1 if it did not
     * @param sameSession whether the mailbox has been open since the check that made the mark, so
     *     that only the cheapest proof is tried
     * @param reopened whether a proof of this check has failed before
     */
    UidProof(
            MailboxCommands mailboxes,
            SelectedMailbox box,
            @Nullable ImapMark before,
            long uidNext,
            boolean sameSession,
            boolean reopened) {
        this.mailboxes = mailboxes;
        this.queries = mailboxes.uids();
        this.ladder = mailboxes.ladder();
        this.box = box;
        this.before = before;
        this.uidNext = uidNext;
        this.sameSession = sameSession;
        this.maxContradictions = reopened ? 1 : MAX_CONTRADICTIONS;
        this.opened = box.version();
    }

    /**
     * The content of the mailbox at one moment.
     *
     * @param topUid the UID of the last message; 0 for none, or if the server does not give it
     * @param from the first UID of the query
     * @param proven whether it is proved that no message from there on was missed
     */
    record View(int total, long topUid, long from, UidSet found, boolean proven) {}

    /** A rejected answer. */
    private record Refuted(Proof proof, String why, UidSet uids) {}

    /** The number of messages and the last one's UID, without a search. */
    View withoutSearch() {
        for (int attempt = 1; attempt <= ATTEMPTS && box.exists() >= 0; attempt++) {
            int total = box.exists();
            box.beginCheck();
            long top = total == 0 ? 0 : queries.uidOf(total);
            if (top >= 0) {
                box.endCheck();
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
     * The messages whose UID is {@code from} or higher; empty if every answer was rejected or
     * refused.
     */
    Optional<View> of(long from) {
        lowest = from;
        for (Proof proof : PROOFS) {
            if (queries.offers(proof) && (box.exists() >= 0 || proof == Proof.FETCH_ALL)) {
                Optional<View> view = prove(proof);
                if (view.isPresent()) {
                    ladder.restsOn(proof);
                    remember(view.get());
                    box.endCheck();
                    return view;
                }
                if (sameSession) {
                    // Opening the mailbox again is cheaper than any further proof.
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

    private Optional<View> prove(Proof proof) {
        int contradicted = 0;
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            int version = box.version();
            box.beginCheck();
            UidQueries.Answer answer = queries.ask(proof, lowest);
            UidSet uids = answer.uids();
            if (uids == null) {
                fault = answer.fault();
                return Optional.empty();
            }
            boolean all = proof == Proof.FETCH_ALL;
            if (version != box.version() && attempt < ATTEMPTS) {
                // Messages were added or removed meanwhile, so the answer cannot be compared.
                mailboxes.noop();
                continue;
            }
            boolean repeated = lastAnswer != null && uids.equals(lastAnswer);
            lastAnswer = uids;
            if (isBeyondNext(uids) && repeated) {
                reportStaleUidNext(uids.last());
            }
            View view =
                    isBeyondNext(uids) && !repeated
                            ? beyondNext(uids)
                            : all ? whole(uids) : partial(uids, lowest);
            if (view.proven()) {
                return Optional.of(view);
            }
            if (all && repeated && isBelievable(uids)) {
                return Optional.of(view);
            }
            refuted.add(new Refuted(proof, fault, uids));
            contradicted += !all && uids.size() > box.exists() ? MAX_CONTRADICTIONS : 1;
            if (before != null && !before.gaps().isEmpty()) {
                // Messages may have appeared in the gaps.
                lowest = Math.min(lowest, before.gaps().first());
            }
            // A listing of the whole mailbox is accepted if two answers are equal.
            int max = all ? MAX_CONTRADICTIONS : maxContradictions;
            if (contradicted >= max || attempt == ATTEMPTS) {
                return Optional.empty();
            }
            mailboxes.noop();
        }
        return Optional.empty();
    }

    /**
     * Whether a message has a UID of UIDNEXT or higher although no arrival was reported since. A
     * server that repeats this has a stale UIDNEXT.
     */
    private boolean isBeyondNext(UidSet uids) {
        return uidNext > 0 && !uids.isEmpty() && uids.last() >= uidNext && box.version() == opened;
    }

    /** With a stale UIDNEXT, an arrival and a removal together may leave STATUS unchanged. */
    private void reportStaleUidNext(long uid) {
        ladder.failed(
                Proof.STATUS,
                "has a message with the UID " + uid + " where it says that UIDNEXT is " + uidNext);
    }

    private View beyondNext(UidSet uids) {
        fault = "finds UID " + uids.last() + " where UIDNEXT is " + uidNext;
        return new View(box.exists(), 0, lowest, uids, false);
    }

    /**
     * A listing that the server repeats is accepted, whatever number of messages it reports; an
     * empty one is not.
     */
    private static boolean isBelievable(UidSet uids) {
        return !uids.isEmpty() && uids.size() <= Integer.MAX_VALUE;
    }

    /** A listing of the whole mailbox must have the reported number of messages. */
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

    private View partial(UidSet uids, long from) {
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
            // No message is missed if every UID up to UIDNEXT is found.
            boolean complete = uidNext > 0 && fresh >= uidNext - from;
            if (explained && from == before.uidNext() && !uids.isEmpty() && (counted || complete)) {
                return new View(exists, uids.last(), from, uids, true);
            }
        }
        long boundary = below == 0 ? 0 : queries.uidOf((int) below);
        if (uidNext > 0 && boundary >= uidNext && box.version() == opened) {
            reportStaleUidNext(boundary);
        }
        // If the server does not give that UID, the number of messages must be sufficient.
        if (boundary < 0 && (!explained || uids.isEmpty())) {
            fault = "does not tell the UID of message " + below;
        } else if (boundary >= from) {
            fault = "does not find message " + below + ", whose UID is " + boundary;
        } else {
            return new View(exists, uids.isEmpty() ? boundary : uids.last(), from, uids, true);
        }
        return new View(exists, 0, from, uids, false);
    }

    /**
     * Records the proofs whose answers a more expensive one has refuted, so that they are skipped
     * for a day.
     */
    private void remember(View truth) {
        for (Refuted answer : refuted) {
            long from = Math.max(truth.from(), before == null ? 1 : before.uidNext());
            boolean wrong = !answer.uids().from(from).equals(truth.found().from(from));
            // The FETCH proofs are excepted: listing the whole mailbox for a day is too expensive
            // for one wrong answer.
            if (truth.proven()
                    && wrong
                    && answer.proof() != Proof.FETCH_NEW
                    && answer.proof() != Proof.FETCH_ALL
                    && answer.proof() != ladder.used().orElse(answer.proof())) {
                ladder.failed(answer.proof(), answer.why());
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
