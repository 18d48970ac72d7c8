package dev.mailbell.database;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells a server that is away from a statement that is wrong. */
final class Failures {
    /** Shut down by the operator, crashed, cannot connect now; too many connections. */
    private static final Set<String> AWAY = Set.of("57P01", "57P02", "57P03", "53300");

    /** A cause that leads back to itself must not trap us. */
    private static final int DEEPEST = 32;

    private Failures() {}

    static boolean isAway(Throwable failure) {
        @Nullable Throwable cause = failure;
        for (int depth = 0; cause != null && depth < DEEPEST; depth++, cause = cause.getCause()) {
            // Hikari throws this one when the pool has no connection to give in time.
            if (cause instanceof SQLTransientConnectionException) {
                return true;
            }
            if (cause instanceof SQLException sql && isAway(sql.getSQLState())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAway(@Nullable String state) {
        return state != null && (state.startsWith("08") || AWAY.contains(state));
    }
}
