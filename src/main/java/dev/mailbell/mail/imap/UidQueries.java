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

/** Asks for the UIDs of the selected mailbox, in each of the ways that IMAP has. */
final class UidQueries {
    /** The UIDs of 1,000,000 messages, written one by one. */
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
     * What a server answered.
     *
     * @param uids the UIDs told; null when the server refused or the answer makes no sense
     * @param fault what was wrong with it; empty for nothing
     */
    record Answer(@Nullable UidSet uids, String fault) {}

    /** Whether the host may be asked in this way. */
    boolean offers(Proof rung) {
        return (rung != Proof.ESEARCH || capabilities.has("ESEARCH"))
                && (rung == Proof.FETCH_ALL || ladder.trusts(rung));
    }

    /**
     * Asks for the UIDs from {@code from} on; {@link Proof#FETCH_ALL} asks for all.
     *
     * @throws MailFailure when the connection is lost, or the server asks to be spared
     */
    Answer ask(Proof rung, long from) {
        // What is lost behind DONE says nothing of the question.
        boolean behindDone = wire.holdsLine();
        try {
            return switch (rung) {
                case ESEARCH ->
                        // COUNT is the proof that ranges do not span gaps.
                        answer(rung, "UID SEARCH RETURN (ALL COUNT) UID " + range(from), from);
                case SEARCH -> answer(rung, "UID SEARCH UID " + range(from), from);
                // Up to *, so that the set is never empty: servers stumble over that.
                case FETCH_NEW -> answer(rung, "UID FETCH " + from + ":* (UID)", from);
                case FETCH_ALL -> all();
                default -> throw new IllegalArgumentException("no question of UIDs: " + rung);
            };
        } catch (MailFailure failure) {
            boolean search = rung == Proof.ESEARCH || rung == Proof.SEARCH;
            if (search && !behindDone && failure.code() == FailureCode.TIMEOUT) {
                ladder.failed(rung, "did not answer a search in time");
            } else if (rung != Proof.FETCH_ALL && failure.code() == FailureCode.PROTOCOL_ERROR) {
                ladder.failed(rung, failure.reason());
            }
            throw failure;
        }
    }

    /** A server that tells no UIDs in FETCH may list them in a search. */
    private Answer all() {
        Answer fetched = answer(Proof.FETCH_ALL, "UID FETCH 1:* (UID)", 1);
        UidSet told = fetched.uids();
        if (told == null || !told.isEmpty()) {
            return fetched;
        }
        return search("UID " + range(1))
                .filter(uids -> !uids.isEmpty())
                .map(uids -> new Answer(uids, ""))
                .orElse(fetched);
    }

    /** All messages that meet the criteria; empty where the server cannot say. */
    Optional<UidSet> search(String criteria) {
        UidCollector search = new UidCollector(false);
        Reply reply = wire.command("UID SEARCH " + criteria, null, SEARCH_LIMIT, search);
        return reply.ok() && search.isSound() ? Optional.of(search.uids()) : Optional.empty();
    }

    private Answer answer(Proof rung, String command, long from) {
        UidCollector search = new UidCollector(rung == Proof.FETCH_NEW || rung == Proof.FETCH_ALL);
        Reply reply = wire.command(command, null, SEARCH_LIMIT, search);
        if (!reply.ok() && !reply.code().equals("EXPUNGEISSUED")) {
            MailFailure refusal = Refusals.ofCommand(reply, "to " + asked(rung));
            if (refusal.code() != FailureCode.SERVER_ERROR
                    && refusal.code() != FailureCode.PROTOCOL_ERROR) {
                throw refusal;
            }
            return faulty(
                    rung,
                    "refuses to "
                            + asked(rung)
                            + " (\""
                            + ServerText.oneLine(ServerText.decode(reply.shown()), SHOWN)
                            + "\")");
        }
        if (!search.isSound()) {
            return faulty(
                    rung, "answers with something that cannot be when asked to " + asked(rung));
        }
        // Servers answer n:* with the last message even when its UID is lower (RFC 9051, 6.4.8).
        return new Answer(search.uids().from(from), "");
    }

    private Answer faulty(Proof rung, String why) {
        if (rung != Proof.FETCH_ALL) {
            ladder.failed(rung, why);
        }
        return new Answer(null, why);
    }

    private static String asked(Proof rung) {
        return rung == Proof.ESEARCH || rung == Proof.SEARCH
                ? "search the mailbox"
                : "fetch the UIDs of messages";
    }

    /**
     * Never {@code from:*}: that finds the last message even when its UID is lower; except where
     * UIDs are higher than they may be.
     */
    private static String range(long from) {
        return from
                + ":"
                + (from < ImapMark.UID_LIMIT ? Long.toString(ImapMark.UID_LIMIT - 1) : "*");
    }

    /** The UID of a message by its number in the selected mailbox; -1 when it is not told. */
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
        // A refusal is what servers have for a message that another session removed.
        return reply.ok() ? uid[0] : -1;
    }
}
