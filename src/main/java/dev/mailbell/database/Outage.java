package dev.mailbell.database;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A condition of the database server or its connection under which statements fail that succeed
 * later unchanged.
 */
public enum Outage {
    AWAY("the database is away"),
    READ_ONLY(
            "the database only reads: a failover is under way, or database.url leads to a standby or to a server"
                    + " that was switched to read-only; it goes on when there is a primary"),
    DISK_FULL("the disk is full: the database cannot write until there is space"),
    DISK_BROKEN("the disk of the database fails: it cannot be written or read"),
    EXHAUSTED("the database has no memory or no file descriptors left"),
    FENCED("this node waits for its heartbeat, or another node has the account");

    /**
     * SQLSTATEs of lost or refused connections, and of a server that stops, starts or has no
     * connection left.
     */
    private static final Set<String> AWAY_STATES =
            Set.of("57P01", "57P02", "57P03", "57P05", "25P03", "53300");

    /** SQLSTATEs of characters that text in the database cannot contain. */
    private static final Set<String> UNSTORABLE_STATES = Set.of("22021", "22P05");

    /**
     * SQLSTATE classes of failures that do not depend on the rows of a statement: connection,
     * transaction state, privileges and schema, resources, locks, operator, system.
     */
    private static final Set<String> ROW_INDEPENDENT_CLASSES =
            Set.of("08", "25", "28", "40", "42", "53", "55", "57", "58");

    private static final String CANCELLED = "57014";

    /** SQLSTATEs of a statement that may succeed when others have ended: lock, time, deadlock. */
    private static final Set<String> BUSY_STATES = Set.of("55P03", CANCELLED, "40P01");

    private static final String FOREIGN_KEY_VIOLATION = "23503";

    /** The driver's message contains this word, in every language. */
    private static final String NO_PRIMARY = "targetServerType";

    private static final String UNABLE_TO_CONNECT = "08001";
    private static final String READ_ONLY_TRANSACTION = "25006";

    /** Limits the walk along causes, which may form a cycle. */
    private static final int MAX_CAUSES = 32;

    private final String message;

    Outage(String message) {
        this.message = message;
    }

    /** What is wrong, for logs and the readiness check. */
    public String message() {
        return message;
    }

    /** Whether the server answers and refuses to write. */
    boolean isRefusal() {
        return this != AWAY && this != FENCED;
    }

    /** Whether no new session can be opened during it. */
    boolean isWithoutSessions() {
        return this == AWAY || this == READ_ONLY;
    }

    /** An exception with the SQLSTATE that the server would give. */
    SQLException failure() {
        return new SQLTransientConnectionException(
                message, this == READ_ONLY ? READ_ONLY_TRANSACTION : UNABLE_TO_CONNECT);
    }

    /** The value of a label, such as {@code disk_full}. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The outage behind a failure; empty for failures that repeat, such as a wrong statement. */
    static Optional<Outage> of(Throwable failure) {
        Outage found = null;
        @Nullable Throwable cause = failure;
        for (int depth = 0;
                cause != null && depth < MAX_CAUSES;
                depth++, cause = cause.getCause()) {
            if (cause instanceof FencedException) {
                return Optional.of(FENCED);
            }
            if (cause instanceof SQLException sql) {
                Outage outage = ofStatement(sql);
                // The pool's exception wraps that of the server: the innermost is the most exact.
                found = outage == null ? found : outage;
            }
        }
        return Optional.ofNullable(found);
    }

    /**
     * Whether the database refused rows of a statement, so that the same statement without them may
     * succeed; false for failures that do not depend on rows.
     */
    static boolean isRowFailure(Throwable failure) {
        if (of(failure).isPresent()) {
            return false;
        }
        @Nullable Throwable cause = failure;
        for (int depth = 0;
                cause != null && depth < MAX_CAUSES;
                depth++, cause = cause.getCause()) {
            if (cause instanceof SQLException sql) {
                String state = String.valueOf(sql.getSQLState());
                return state.equals(CANCELLED)
                        || state.length() < 2
                        || !ROW_INDEPENDENT_CLASSES.contains(state.substring(0, 2));
            }
        }
        return true;
    }

    static boolean isUnstorable(Throwable failure) {
        return hasState(failure, UNSTORABLE_STATES);
    }

    /** Whether a row that a statement refers to is gone. */
    static boolean isReferenceGone(Throwable failure) {
        return hasState(failure, Set.of(FOREIGN_KEY_VIOLATION));
    }

    /** Whether a statement waited too long for a lock, took too long, or was in a deadlock. */
    static boolean isBusy(Throwable failure) {
        return hasState(failure, BUSY_STATES);
    }

    private static boolean hasState(Throwable failure, Set<String> states) {
        @Nullable Throwable cause = failure;
        for (int depth = 0;
                cause != null && depth < MAX_CAUSES;
                depth++, cause = cause.getCause()) {
            if (cause instanceof SQLException sql
                    && states.contains(String.valueOf(sql.getSQLState()))) {
                return true;
            }
        }
        return false;
    }

    /**
     * The first line of the innermost SQL error message; without one, the class name of the
     * failure.
     */
    static String reason(Throwable failure) {
        String message = failure.getClass().getSimpleName();
        @Nullable Throwable cause = failure;
        for (int depth = 0;
                cause != null && depth < MAX_CAUSES;
                depth++, cause = cause.getCause()) {
            if (cause instanceof SQLException || cause instanceof FencedException) {
                message = String.valueOf(cause.getMessage()).lines().findFirst().orElse(message);
            }
        }
        return message;
    }

    private static @Nullable Outage ofStatement(SQLException failure) {
        String state = failure.getSQLState() == null ? "" : failure.getSQLState();
        String text = String.valueOf(failure.getMessage());
        if (state.equals("53100") || text.contains("Disk quota exceeded")) {
            return DISK_FULL;
        }
        // PostgreSQL reports a file system that was mounted read-only as a lack of privilege.
        if (state.equals("58030") || text.contains("Read-only file system")) {
            return DISK_BROKEN;
        }
        if (state.equals("53200") || state.equals("53000")) {
            return EXHAUSTED;
        }
        if (state.equals(READ_ONLY_TRANSACTION)
                || (state.equals(UNABLE_TO_CONNECT) && text.contains(NO_PRIMARY))) {
            return READ_ONLY;
        }
        // The pool throws the last one when no connection is free in time.
        return state.startsWith("08")
                        || AWAY_STATES.contains(state)
                        || failure instanceof SQLTransientConnectionException
                ? AWAY
                : null;
    }
}
