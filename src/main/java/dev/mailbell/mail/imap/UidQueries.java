package dev.mailbell.mail.imap;

import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.UidSet;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.imap.protocol.BoundedResponses;
import dev.mailbell.mail.imap.protocol.Capabilities;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.Refusals;
import dev.mailbell.mail.imap.protocol.Reply;
import dev.mailbell.mail.text.ServerText;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the UIDs of the selected mailbox with SEARCH, extended SEARCH or FETCH. */
final class UidQueries {
    /** Octets of a response with the UIDs of 1,000,000 messages, written one by one. */
    private static final int SEARCH_LIMIT = 16 << 20;

    private static final int SHOWN = 200;

    private final ImapWire wire;
    private final Capabilities capabilities;
    private final ProofLadder ladder;

    UidQueries(ImapWire wire, Capabilities capabilities, ProofLadder ladder) {
        this.wire = wire;
        this.capabilities = capabilities;
        this.ladder = ladder;
    }

    /**
     * The answer to a query.
     *
     * @param uids the UIDs; null if the server refused or the answer is invalid
     * @param fault why the answer is invalid; empty if it is valid
     */
    record Answer(@Nullable UidSet uids, String fault) {}

    /** Whether this proof may be used at the host. */
    boolean offers(Proof proof) {
        return (proof != Proof.ESEARCH || capabilities.has("ESEARCH"))
                && (proof == Proof.FETCH_ALL || ladder.trusts(proof));
    }

    /**
     * Reads the UIDs from {@code from} on; with {@link Proof#FETCH_ALL} all of them.
     *
     * @throws MailFailure when the connection is lost, or the server asks to wait
     */
    Answer ask(Proof proof, long from) {
        // A timeout after a held DONE may be caused by DONE and not by the query.
        boolean afterHeldDone = wire.hasHeldLine();
        try {
            return switch (proof) {
                case ESEARCH ->
                        // COUNT proves that the ranges do not include gaps.
                        answer(proof, "UID SEARCH RETURN (ALL COUNT) UID " + range(from), from);
                case SEARCH -> answer(proof, "UID SEARCH UID " + range(from), from);
                // Up to *, so that the set is never empty, which some servers do not support.
                case FETCH_NEW -> answer(proof, "UID FETCH " + from + ":* (UID)", from);
                case FETCH_ALL -> all();
                default -> throw new IllegalArgumentException("no question of UIDs: " + proof);
            };
        } catch (MailFailure failure) {
            boolean search = proof == Proof.ESEARCH || proof == Proof.SEARCH;
            if (search && !afterHeldDone && failure.code() == FailureCode.TIMEOUT) {
                ladder.failed(proof, "did not answer a search in time");
            } else if (search && !afterHeldDone && isLoss(failure.code())) {
                // Some servers crash at a search.
                ladder.lostAt(proof);
            } else if (proof != Proof.FETCH_ALL && failure.code() == FailureCode.PROTOCOL_ERROR) {
                ladder.failed(proof, failure.reason());
            }
            throw failure;
        }
    }

    /** Whether the connection ended, possibly with a BYE; a refusal is an answer. */
    private static boolean isLoss(FailureCode code) {
        return code == FailureCode.CONNECT_FAILED || code == FailureCode.SERVER_ERROR;
    }

    /** A server that omits UIDs in FETCH may list them in a search. */
    private Answer all() {
        Answer fetched = answer(Proof.FETCH_ALL, "UID FETCH 1:* (UID)", 1);
        UidSet fetchedUids = fetched.uids();
        if (fetchedUids == null || !fetchedUids.isEmpty()) {
            return fetched;
        }
        return search("UID " + range(1))
                .filter(uids -> !uids.isEmpty())
                .map(uids -> new Answer(uids, ""))
                .orElse(fetched);
    }

    /**
     * The messages that match the criteria; empty if the server refuses or the answer is invalid.
     */
    Optional<UidSet> search(String criteria) {
        UidCollector search = new UidCollector(false);
        Reply reply = wire.command("UID SEARCH " + criteria, null, SEARCH_LIMIT, search);
        return reply.ok() && search.isSound() ? Optional.of(search.uids()) : Optional.empty();
    }

    private Answer answer(Proof proof, String command, long from) {
        UidCollector search =
                new UidCollector(proof == Proof.FETCH_NEW || proof == Proof.FETCH_ALL);
        Reply reply = wire.command(command, null, SEARCH_LIMIT, search);
        if (!reply.ok() && !reply.code().equals("EXPUNGEISSUED")) {
            MailFailure refusal = Refusals.ofCommand(reply, "to " + task(proof));
            if (refusal.code() != FailureCode.SERVER_ERROR
                    && refusal.code() != FailureCode.PROTOCOL_ERROR) {
                throw refusal;
            }
            // A server that cannot read one message answers the others, and NO. Whether any are
            // missing is shown by the number of messages.
            if (search.isEmpty() || reply.kind() != Reply.Kind.NO) {
                return faulty(
                        proof,
                        "refuses to "
                                + task(proof)
                                + " (\""
                                + ServerText.oneLine(ServerText.decode(reply.shown()), SHOWN)
                                + "\")");
            }
        }
        if (!search.isSound()) {
            return faulty(
                    proof, "answers with something that cannot be when asked to " + task(proof));
        }
        // Servers answer n:* with the last message even if its UID is lower (RFC 9051, section
        // 6.4.8).
        return new Answer(search.uids().from(from), "");
    }

    private Answer faulty(Proof proof, String why) {
        if (proof != Proof.FETCH_ALL) {
            ladder.failed(proof, why);
        }
        return new Answer(null, why);
    }

    private static String task(Proof proof) {
        return proof == Proof.ESEARCH || proof == Proof.SEARCH
                ? "search the mailbox"
                : "fetch the UIDs of messages";
    }

    /**
     * Not {@code from:*}, which finds the last message even if its UID is lower, except beyond the
     * UIDs that RFC 9051 allows.
     */
    private static String range(long from) {
        return from
                + ":"
                + (from < ImapMark.UID_LIMIT ? Long.toString(ImapMark.UID_LIMIT - 1) : "*");
    }

    /**
     * The UID of a message by its number in the selected mailbox; -1 if the server does not give
     * it.
     */
    long uidOf(int number) {
        long[] uid = {-1};
        Reply reply =
                wire.command(
                        "FETCH " + number + " (UID)",
                        null,
                        BoundedResponses.USUAL_LIMIT,
                        line -> {
                            if (line.keyEquals("FETCH") && line.getNumber() == number) {
                                uid[0] =
                                        Math.max(
                                                uid[0],
                                                MailboxCommands.attributes(line).number("UID"));
                            }
                        });
        // Servers refuse this for a message that another session has removed.
        return reply.ok() ? uid[0] : -1;
    }
}
