package dev.mailbell.routing.node;

import dev.mailbell.account.Account;
import dev.mailbell.detection.PositionUpdate;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What one node asks of another. */
public sealed interface Command {
    /** The name in messages and metrics. */
    String name();

    /** Checks an account now. */
    record Check(UUID clientId, UUID accountId) implements Command {
        @Override
        public String name() {
            return "check";
        }
    }

    /**
     * Checks an account now and answers with the dialogue.
     *
     * @param anew whether by a new connection
     */
    record Trace(UUID clientId, UUID accountId, boolean anew) implements Command {
        @Override
        public String name() {
            return "trace";
        }
    }

    /** Asks how the latest checks of an account went. */
    record PastChecks(UUID accountId) implements Command {
        @Override
        public String name() {
            return "past-checks";
        }
    }

    /**
     * Moves the client's position in a mailbox.
     *
     * @param upTo null: the client has all messages
     */
    record Position(
            UUID clientId, UUID accountId, String mailbox, PositionUpdate.@Nullable UpTo upTo)
            implements Command {
        @Override
        public String name() {
            return "position";
        }

        public PositionUpdate update() {
            return upTo == null ? new PositionUpdate.All() : upTo;
        }
    }

    /**
     * Tries a login.
     *
     * @param account with the encrypted login; not stored
     * @param beside the stored account with the same login
     */
    record Verify(Account account, UUID beside) implements Command {
        @Override
        public String name() {
            return "verify";
        }
    }

    /**
     * Asks what is known of accounts only in memory.
     *
     * @param afterChanges whether changes that are committed must be in the answer
     */
    record LiveFields(List<UUID> accountIds, boolean afterChanges) implements Command {
        @Override
        public String name() {
            return "live";
        }
    }

    /**
     * Asks what the node knows of itself.
     *
     * @param clientId null: of the whole node; otherwise how it watches the accounts of this client
     */
    record Status(@Nullable UUID clientId) implements Command {
        @Override
        public String name() {
            return "status";
        }
    }

    /**
     * Reads the configuration again.
     *
     * @param id of the operator's request
     */
    record Reload(UUID id) implements Command {
        @Override
        public String name() {
            return "reload";
        }
    }
}
