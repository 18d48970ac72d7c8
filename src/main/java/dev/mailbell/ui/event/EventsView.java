package dev.mailbell.ui.event;

import dev.mailbell.ui.client.ClientChoice.Offered;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The page of events.
 *
 * @param client the id of the client that is selected; empty where there is nothing to select
 * @param type the type that is selected; empty for any
 * @param account the id of the account as it was given; empty for any
 * @param fault what is wrong with it; null for nothing
 * @param stream the path of the stream that goes on after the rows
 * @param most rows that the page keeps
 */
public record EventsView(
        String client,
        List<Offered> clients,
        String type,
        List<String> types,
        String account,
        @Nullable String fault,
        String stream,
        int most,
        List<EventRow> rows) {
    public EventsView {
        clients = List.copyOf(clients);
        types = List.copyOf(types);
        rows = List.copyOf(rows);
    }
}
