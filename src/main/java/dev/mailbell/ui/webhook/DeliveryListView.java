package dev.mailbell.ui.webhook;

import dev.mailbell.ui.client.ClientChoice.Offered;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A page of the delivery log.
 *
 * @param fields the filter as it was given, by the names of its fields
 * @param faults what is wrong with fields, by their names
 * @param webhooks to select from; none where there are too many
 * @param webhook the name of the webhook that is selected; null for none
 * @param next the path of the page of older ones; null for none
 * @param shortened whether the page has looked at many deliveries without finding enough
 */
public record DeliveryListView(
        Map<String, String> fields,
        Map<String, String> faults,
        List<Offered> clients,
        List<Offered> webhooks,
        @Nullable String webhook,
        List<String> statuses,
        List<String> types,
        List<DeliveryRow> rows,
        @Nullable String next,
        boolean shortened) {
    public DeliveryListView {
        fields = Map.copyOf(fields);
        faults = Map.copyOf(faults);
        clients = List.copyOf(clients);
        webhooks = List.copyOf(webhooks);
        rows = List.copyOf(rows);
    }

    public String field(String name) {
        return fields.getOrDefault(name, "");
    }

    public @Nullable String fault(String name) {
        return faults.get(name);
    }

    public boolean isFiltered() {
        return !fields.isEmpty();
    }
}
