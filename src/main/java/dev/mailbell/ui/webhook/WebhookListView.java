package dev.mailbell.ui.webhook;

import dev.mailbell.ui.client.ClientChoice.Offered;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of the list of webhooks.
 *
 * @param state the state that is selected; empty for any
 * @param client the id of the client that is selected; empty for all
 * @param clients to select from; none where there is nothing to select
 * @param next the path of the page of older ones; null for none
 */
public record WebhookListView(
        String state, String client, List<Offered> clients, List<Row> rows, @Nullable String next) {
    public WebhookListView {
        clients = List.copyOf(clients);
        rows = List.copyOf(rows);
    }

    /**
     * @param client the name of its client, for the operator; null otherwise
     * @param rate share of the last day's attempts that were delivered
     */
    public record Row(
            String href,
            String name,
            String host,
            @Nullable String client,
            StateView state,
            String attempts,
            String rate,
            String rateKind,
            String typical,
            String slow) {}

    public boolean isFiltered() {
        return !state.isEmpty() || !client.isEmpty();
    }
}
