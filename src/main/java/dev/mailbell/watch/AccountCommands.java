package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
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
    List<Checked> check(Account account, Deadline deadline);

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
     * What one check of a mailbox found.
     *
     * @param reset whether counting began anew because the UIDs are not valid any more
     */
    record Checked(
            String name,
            int newCount,
            @Nullable Integer pendingCount,
            int total,
            boolean reset,
            boolean approximate) {}

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

        record Fails(dev.mailbell.mail.FailureCode code, String message) implements Verified {}

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
     */
    record Live(
            @Nullable String mode,
            @Nullable String proof,
            @Nullable Instant lastCheckedAt,
            @Nullable Instant nextCheckAt) {}
}
