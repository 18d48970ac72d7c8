package dev.mailbell.ui.client;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of the list of clients.
 *
 * @param name as it was given for a new one; empty for none
 * @param fault why it was not made; null for nothing
 * @param next the path of the next page; null for none
 */
public record ClientListView(
        List<Row> rows, @Nullable String next, String name, @Nullable String fault) {
    public ClientListView {
        rows = List.copyOf(rows);
    }

    /**
     * @param limits what differs from the configuration; empty for nothing
     */
    public record Row(
            String href, String name, boolean erasing, String limits, Instant createdAt) {}
}
