package dev.mailbell.ui.client;

import dev.mailbell.ui.client.ClientChoice.Offered;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A page of the audit log.
 *
 * @param fields the filter as it was given, by the names of its fields
 * @param faults what is wrong with fields, by their names
 * @param next the path of the page of older ones; null for none
 */
public record AuditView(
        Map<String, String> fields,
        Map<String, String> faults,
        List<Offered> clients,
        List<Row> rows,
        @Nullable String next) {
    public AuditView {
        fields = Map.copyOf(fields);
        faults = Map.copyOf(faults);
        clients = List.copyOf(clients);
        rows = List.copyOf(rows);
    }

    public String field(String name) {
        return fields.getOrDefault(name, "");
    }

    public @Nullable String fault(String name) {
        return faults.get(name);
    }

    /**
     * @param client the name of its client, for the operator; null for none
     * @param kind of the status: good or bad
     */
    public record Row(
            Instant at,
            String key,
            String keyId,
            String action,
            String resource,
            @Nullable String client,
            String address,
            int status,
            String kind) {}
}
