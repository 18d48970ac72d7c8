package dev.mailbell.status;

import dev.mailbell.watch.account.AccountModes;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node at one moment, as it says itself. Other nodes get it as JSON.
 *
 * @param hosts those with trouble first, then those with the most connections; {@link #MAX_HOSTS}
 *     at most
 * @param hostCount all of them
 * @param oldestDueSeconds for how long the oldest check has been due that has not ended
 * @param configurationRefused whether its file has faults and is not in effect
 * @param lastHour the oldest first
 */
public record NodeStatus(
        List<HostView> hosts,
        int hostCount,
        AccountModes modes,
        double oldestDueSeconds,
        boolean configurationRefused,
        List<Point> lastHour) {
    static final int MAX_HOSTS = 500;

    public NodeStatus {
        hosts = List.copyOf(hosts);
        lastHour = List.copyOf(lastHour);
    }

    /**
     * A mail host, as this node uses it.
     *
     * @param mostConnections that this node may open now; null for no limit
     * @param loginsPerSecond in the last minute
     * @param failuresInRow since the latest success
     * @param lastFailure its code; null for none
     * @param lastFailureAt null for none
     */
    public record HostView(
            String name,
            int connections,
            int pushing,
            int waiting,
            @Nullable Integer mostConnections,
            double loginsPerSecond,
            int failuresInRow,
            @Nullable String lastFailure,
            @Nullable Instant lastFailureAt) {
        /** So many failures in a row are the host's, not an account's. */
        private static final int TROUBLE = 3;

        public boolean isInTrouble() {
            return failuresInRow >= TROUBLE;
        }
    }
}
