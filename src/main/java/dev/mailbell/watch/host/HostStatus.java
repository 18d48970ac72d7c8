package dev.mailbell.watch.host;

import dev.mailbell.mail.FailureCode;
import org.jspecify.annotations.Nullable;

/**
 * A mail host at one moment.
 *
 * @param pushing connections that are held for push
 * @param waiting accounts that wait for a connection
 * @param idleFor nanoseconds since a connection was last requested
 * @param mostConnections that may be open now; {@link Integer#MAX_VALUE} for no limit
 * @param logins how many have begun since the host is known
 * @param failuresInRow checks that failed for a reason of the host, since the latest success
 * @param lastFailure why the latest of these failed; null for none
 * @param failedFor nanoseconds since then
 */
public record HostStatus(
        String name,
        int connections,
        int pushing,
        int waiting,
        long idleFor,
        int mostConnections,
        long logins,
        int failuresInRow,
        @Nullable FailureCode lastFailure,
        long failedFor) {
    boolean isUnused() {
        return connections == 0 && waiting == 0;
    }
}
