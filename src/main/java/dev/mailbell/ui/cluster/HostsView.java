package dev.mailbell.ui.cluster;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The mail hosts of all nodes.
 *
 * @param total how many there are; more than are shown when there are very many
 * @param silent the names of nodes that did not answer
 */
public record HostsView(List<Row> hosts, int total, String filter, List<String> silent) {
    public HostsView {
        hosts = List.copyOf(hosts);
        silent = List.copyOf(silent);
    }

    /**
     * A mail host.
     *
     * @param limit connections that all nodes may open now; empty for no limit
     * @param limitFrom where the limits come from
     * @param mostLogins a second, of all nodes
     * @param lastFailure in words; null for none
     */
    public record Row(
            String name,
            boolean inTrouble,
            int connections,
            int pushing,
            int waiting,
            String limit,
            double loginsPerSecond,
            int mostLogins,
            String limitFrom,
            @Nullable String lastFailure,
            @Nullable Instant lastFailureAt) {}
}
