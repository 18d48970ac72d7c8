package dev.mailbell.routing;

import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.FencedException;
import dev.mailbell.detection.PositionRefusedException;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.routing.node.NodeUnavailableException;
import dev.mailbell.routing.node.Reply.Failure;
import dev.mailbell.routing.node.Reply.Kind;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Exceptions of commands as they travel between nodes: at their end an exception has the same
 * answer of the API as where it was thrown.
 */
final class CommandFailures {
    /** Limits the walk along causes, which may form a cycle. */
    private static final int MAX_CAUSES = 32;

    private CommandFailures() {}

    /** Empty for an exception that only the node's own log may describe. */
    static Optional<Failure> of(RuntimeException thrown) {
        String message = thrown.getMessage();
        return switch (thrown) {
            case NoRoomException _ -> Optional.of(new Failure(Kind.NO_ROOM, null, message, null));
            case MailFailure mail ->
                    Optional.of(
                            new Failure(
                                    Kind.MAIL,
                                    mail.code().name(),
                                    mail.reason(),
                                    mail.retryAfter().orElse(null)));
            case NotWatchedException _ ->
                    Optional.of(new Failure(Kind.NOT_WATCHED, null, null, null));
            case PositionRefusedException refused ->
                    Optional.of(
                            new Failure(
                                    Kind.POSITION_REFUSED, refused.reason().name(), message, null));
            default -> ofDatabase(thrown);
        };
    }

    private static Optional<Failure> ofDatabase(RuntimeException thrown) {
        SQLException innermost = null;
        @Nullable Throwable cause = thrown;
        for (int depth = 0;
                cause != null && depth < MAX_CAUSES;
                depth++, cause = cause.getCause()) {
            if (cause instanceof FencedException) {
                return Optional.of(new Failure(Kind.FENCED, null, null, null));
            }
            if (cause instanceof SQLException sql) {
                innermost = sql;
            }
        }
        return Optional.ofNullable(innermost)
                .map(sql -> new Failure(Kind.DATABASE, sql.getSQLState(), sql.getMessage(), null));
    }

    /** The exception that travelled; one that this version does not know is the node's. */
    static RuntimeException exception(Failure failure, String node) {
        try {
            return known(failure, node);
        } catch (IllegalArgumentException unknown) {
            return otherVersion();
        }
    }

    /** The node says what this version does not know. */
    static NodeUnavailableException otherVersion() {
        return new NodeUnavailableException(
                "the node that owns the account has another version; try again in a moment");
    }

    private static RuntimeException known(Failure failure, String node) {
        String message = String.valueOf(failure.message());
        return switch (failure.kind()) {
            case MAIL ->
                    new MailFailure(
                            FailureCode.valueOf(String.valueOf(failure.code())),
                            message,
                            failure.retryAfter(),
                            null);
            case NO_ROOM -> new NoRoomException(message);
            case NOT_WATCHED -> new NotWatchedException();
            case POSITION_REFUSED ->
                    new PositionRefusedException(
                            PositionRefusedException.Reason.valueOf(String.valueOf(failure.code())),
                            message);
            case FENCED -> new FencedException();
            case DATABASE ->
                    new DatabaseException(message, new SQLException(message, failure.code()));
            case UNKNOWN_COMMAND -> otherVersion();
            case INTERNAL -> new IllegalStateException("node " + node + " failed: " + message);
        };
    }
}
