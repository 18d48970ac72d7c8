package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.transcript.TranscriptLine;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.check.CheckedMailbox;
import dev.mailbell.watch.history.PastCheck;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the HTTP API asks of one account under watch. Each command has a deadline, at which the
 * caller has its answer whatever it waits for. Safe for many threads.
 */
public interface AccountCommands {

    /** The deadline of a request that arrives now. */
    Deadline deadline();

    /**
     * Checks every mailbox of an account now, outside the schedule; returns when the result is
     * recorded.
     *
     * @throws dev.mailbell.mail.MailFailure when the server cannot be read
     * @throws NotWatchedException when the account is paused, changed or removed meanwhile, or
     *     another node watches it
     * @throws NoRoomException when this node was not ready in time, which says nothing of the mail
     *     server
     */
    List<CheckedMailbox> check(Account account, Deadline deadline);

    /**
     * Checks as {@link #check} does, and answers with the dialogue too, whether the server can be
     * read or not.
     *
     * @param anew whether a connection that is kept is closed first, so that the dialogue begins
     *     with the connection and the login
     * @throws NotWatchedException as {@link #check}
     * @throws NoRoomException when this node was not ready in time for a connection
     */
    Traced trace(Account account, boolean anew, Deadline deadline);

    /**
     * How the latest checks of an account went, the newest first; none of an account that is not
     * watched. Kept in the memory of the node that watches the account, since it does.
     */
    List<PastCheck> pastChecks(UUID accountId);

    /**
     * Moves the client's position in a mailbox, checking it first where the position needs that.
     *
     * @return the mailbox as it is recorded now
     * @throws dev.mailbell.detection.PositionRefusedException when the mailbox does not have that
     *     position
     * @throws dev.mailbell.mail.MailFailure when a check was needed and the server cannot be read
     * @throws NotWatchedException when the account is paused, changed or removed meanwhile, or
     *     another node watches it
     * @throws NoRoomException when this node was not ready in time
     */
    Mailbox position(Account account, String mailbox, PositionUpdate update, Deadline deadline);

    /**
     * Connects, logs in and checks, and records nothing; the account need not exist.
     *
     * @throws NoRoomException when this node was not ready in time
     */
    Verified verify(Account account, LoginSecret secret, Deadline deadline);

    /**
     * What is known of an account only in memory; empty when it is not watched (paused, or
     * unknown).
     */
    Optional<Live> live(UUID accountId);

    /** The same of many accounts; of those that are not watched there is no entry. */
    default Map<UUID, Live> live(Collection<UUID> accountIds) {
        Map<UUID, Live> found = new HashMap<>();
        for (UUID id : accountIds) {
            live(id).ifPresent(live -> found.put(id, live));
        }
        return found;
    }

    /**
     * A check with its dialogue.
     *
     * @param checked what it found; empty when it failed
     * @param code why it failed; null when it succeeded
     * @param message the failure in words
     * @param omitted how many lines of the dialogue are left out
     */
    record Traced(
            Instant startedAt,
            long tookMillis,
            List<CheckedMailbox> checked,
            @Nullable FailureCode code,
            @Nullable String message,
            List<TranscriptLine> lines,
            long omitted) {
        public Traced {
            checked = List.copyOf(checked);
            lines = List.copyOf(lines);
        }
    }

    /** The result of a tried login. */
    sealed interface Verified {
        /**
         * @param latencyMillis from the first packet to the last answer
         * @param warnings for the operator, for example about a server without UIDs
         */
        record Works(
                long latencyMillis,
                List<String> capabilities,
                List<SeenMailbox> mailboxes,
                List<String> warnings)
                implements Verified {}

        record Fails(FailureCode code, String message) implements Verified {}

        /**
         * @param uidValidity null for POP3
         */
        record SeenMailbox(String name, int total, @Nullable Long uidValidity) {}
    }

    /**
     * How an account is being watched.
     *
     * @param mode {@code idle} or {@code poll}; null before the first success
     * @param proof the proof that the last check rests on, as {@link
     *     dev.mailbell.mail.Proof#wireName}; null before the first
     * @param lastCheckedAt when a check last succeeded since this process began; null when none did
     * @param nextCheckAt when the next check is due; null while one is under way
     * @param reason why it is watched in this mode
     */
    record Live(
            @Nullable String mode,
            @Nullable String proof,
            @Nullable Instant lastCheckedAt,
            @Nullable Instant nextCheckAt,
            @Nullable ModeReason reason) {}

    /** Why an account is watched in its mode. */
    enum ModeReason {
        /** The server pushes. */
        PUSHED,
        /** The protocol has no push. */
        PROTOCOL,
        /** Push is switched off for the account or its mail server. */
        SWITCHED_OFF,
        /** The server offers push and refuses it; it is asked again after a day. */
        REFUSED,
        /** The server does not offer push, or its connection could not be kept. */
        NOT_OFFERED
    }
}
