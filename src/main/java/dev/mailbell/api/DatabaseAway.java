package dev.mailbell.api;

import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells a database that is away from one that says no. */
final class DatabaseAway {
    // PostgreSQL's codes: 08 connection exceptions, 53 no resources, 57P being shut down or
    // started.
    private static final Set<String> CLASSES = Set.of("08", "53");
    private static final String SHUTDOWN = "57P0";

    private DatabaseAway() {}

    static boolean isCauseOf(Throwable failure) {
        for (@Nullable Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof SQLTransientConnectionException
                    || t instanceof SQLNonTransientConnectionException
                    || (t instanceof SQLException e && isAway(e.getSQLState()))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAway(@Nullable String state) {
        return state != null
                && state.length() == 5
                && (CLASSES.contains(state.substring(0, 2)) || state.startsWith(SHUTDOWN));
    }
}
