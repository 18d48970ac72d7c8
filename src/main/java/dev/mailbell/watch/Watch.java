package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The watch over all accounts: the one way from the HTTP API to mail servers. Safe for many
 * threads.
 */
public interface Watch {

    /**
     * Begins to watch an account, or takes in its change: it was registered, changed or resumed.
     * Returns at once.
     */
    void watch(Account account);

    /**
     * Ceases to watch an account that was paused or removed; a look under way ends without being
     * recorded.
     */
    void forget(UUID accountId);

    /**
     * Looks at every mailbox of an account now, outside the schedule; returns when the result is
     * recorded.
     *
     * @throws dev.mailbell.mail.MailFailure when the server cannot be read
     * @throws NotWatchedException when the account is paused, changed or removed meanwhile
     */
    List<Checked> check(Account account);

    /**
     * Moves the client's position in a mailbox, looking at it first where the position needs that.
     *
     * @return the mailbox as it stands now
     * @throws dev.mailbell.detection.PositionRefusedException when the mailbox does not have that
     *     position
     * @throws dev.mailbell.mail.MailFailure when a look was needed and the server cannot be read
     * @throws NotWatchedException when the account is paused, changed or removed meanwhile
     */
    Mailbox position(Account account, String mailbox, PositionUpdate update);

    /**
     * Connects, logs in and looks, and keeps nothing; the account need not exist.
     *
     * @throws NoRoomException when this node has no room for it now
     */
    Verified verify(Account account, LoginSecret secret);

    /** By when what a request asks for is answered, that arrives now. */
    default Deadline deadline() {
        return Deadline.after(Duration.ofSeconds(30));
    }

    /**
     * {@link #check(Account)} by a deadline, at which the caller has an answer whatever is waited
     * for.
     *
     * @throws NoRoomException when this node was not ready in time, which says nothing of the mail
     *     server
     */
    default List<Checked> check(Account account, Deadline deadline) {
        return check(account);
    }

    /**
     * {@link #position(Account, String, PositionUpdate)} by a deadline.
     *
     * @throws NoRoomException when this node was not ready in time
     */
    default Mailbox position(
            Account account, String mailbox, PositionUpdate update, Deadline deadline) {
        return position(account, mailbox, update);
    }

    /**
     * {@link #verify(Account, LoginSecret)} by a deadline.
     *
     * @throws NoRoomException when this node was not ready in time
     */
    default Verified verify(Account account, LoginSecret secret, Deadline deadline) {
        return verify(account, secret);
    }

    /**
     * What is known of an account only in memory; empty when it is not watched (paused, or
     * unknown).
     */
    Optional<Live> live(UUID accountId);

    /**
     * What one look at a mailbox found.
     *
     * @param reset whether counting began anew because UIDs lost their meaning
     */
    record Checked(
            String name,
            int newCount,
            @Nullable Integer pendingCount,
            int total,
            boolean reset,
            boolean approximate) {}

    /** What came of trying a login. */
    sealed interface Verified {
        /**
         * @param latencyMillis from the first packet to the last answer
         * @param warnings for the operator's eyes, for example of a server without UIDs
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
     * @param proof the proof that the last look rests on, as {@link
     *     dev.mailbell.mail.Proof#wireName}; null before the first
     * @param lastCheckedAt when a look last succeeded since this process began; null when none did
     * @param nextCheckAt when the next look is due; null while one is under way
     */
    record Live(
            @Nullable String mode,
            @Nullable String proof,
            @Nullable Instant lastCheckedAt,
            @Nullable Instant nextCheckAt) {}
}
