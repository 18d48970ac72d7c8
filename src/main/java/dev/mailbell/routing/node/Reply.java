package dev.mailbell.routing.node;

import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The answer of a node to a {@link Command}. Exactly one component is not null.
 *
 * @param value what the command returned
 * @param failure what it threw
 * @param notMine the node does not own the account
 */
public record Reply(
        @Nullable JsonNode value, @Nullable Failure failure, @Nullable NotMine notMine) {
    public static Reply of(JsonNode value) {
        return new Reply(value, null, null);
    }

    public static Reply failed(Failure failure) {
        return new Reply(null, failure, null);
    }

    public static Reply notMine(@Nullable UUID owner) {
        return new Reply(null, null, new NotMine(owner));
    }

    /**
     * @param owner the node that owns the account, as far as the answering node knows; null: none
     */
    public record NotMine(@Nullable UUID owner) {}

    /**
     * An exception, as it travels.
     *
     * @param code the failure code, the reason, or the SQLSTATE
     */
    public record Failure(
            Kind kind,
            @Nullable String code,
            @Nullable String message,
            @Nullable Duration retryAfter) {}

    /** The kinds of exceptions that callers of the watch tell apart. */
    public enum Kind {
        MAIL,
        NO_ROOM,
        NOT_WATCHED,
        POSITION_REFUSED,
        FENCED,
        DATABASE,
        /** The node does not know the command: it has another version. */
        UNKNOWN_COMMAND,
        INTERNAL
    }
}
