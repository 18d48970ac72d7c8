package dev.mailbell.ui.account;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of the list of accounts.
 *
 * @param text what was searched for, as typed; empty for nothing
 * @param state the state that was asked for; empty for any
 * @param label the label that was asked for, as typed; empty for none
 * @param host the mail server that was asked for, as typed; empty for any
 * @param client the client that was asked for; null for all
 * @param showsClients whether the accounts are of several clients
 * @param fault what is wrong with the search; null for nothing
 * @param next the path of the next page; null on the last one
 * @param first the path of the first page; null on it
 */
public record AccountsView(
        String text,
        String state,
        String label,
        String host,
        @Nullable Named client,
        boolean showsClients,
        @Nullable String fault,
        List<String> states,
        List<Row> rows,
        @Nullable String next,
        @Nullable String first) {
    public AccountsView {
        states = List.copyOf(states);
        rows = List.copyOf(rows);
    }

    /** A client. */
    public record Named(String id, String name) {}

    /**
     * An account in the list.
     *
     * @param failure what is wrong with it; null for nothing
     */
    public record Row(
            String href,
            String address,
            @Nullable String ref,
            String host,
            String protocol,
            Named client,
            Badge state,
            @Nullable String failure,
            @Nullable Instant lastCheckedAt,
            @Nullable Instant nextCheckAt) {}

    public boolean isFiltered() {
        return !text.isEmpty()
                || !state.isEmpty()
                || !label.isEmpty()
                || !host.isEmpty()
                || client != null;
    }
}
