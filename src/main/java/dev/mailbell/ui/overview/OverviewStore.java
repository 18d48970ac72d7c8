package dev.mailbell.ui.overview;

import dev.mailbell.account.AccountState;
import dev.mailbell.database.Sql;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** Counts what the overview shows. A client null stands for all clients. */
final class OverviewStore {
    private static final int MOST_SHOWN = 5;

    private final Jdbi jdbi;

    OverviewStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Accounts by their states.
     *
     * @param parked those that wait for their owner, by the code of the failure
     */
    record Accounts(Map<AccountState, Long> states, Map<String, Long> parked) {
        long of(AccountState state) {
            return states.getOrDefault(state, 0L);
        }

        long all() {
            return states.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    /**
     * Webhooks that do not accept deliveries.
     *
     * @param state {@code failing} or {@code disabled}
     */
    record Webhook(
            UUID id,
            String url,
            String state,
            @Nullable Instant failingSince,
            @Nullable String lastError) {}

    /** Webhooks by their states, and the ones that fail for the longest time. */
    record Webhooks(long enabled, long failing, long disabled, List<Webhook> longest) {}

    /** A mail host whose accounts fail. */
    record Host(String host, String failure, long accounts) {}

    private record State(String state, @Nullable String failure, long accounts) {}

    Accounts accounts(@Nullable UUID client) {
        List<State> rows =
                jdbi.withHandle(handle ->
                        Sql.of("select state, failure_code, count(*) as accounts from account")
                                .then(of(client))
                                .then(" group by state, failure_code")
                                .query(
                                        handle.getConnection(),
                                        row ->
                                                new State(
                                                        row.getString("state"),
                                                        row.getString("failure_code"),
                                                        row.getLong("accounts"))));
        Map<AccountState, Long> states = new EnumMap<>(AccountState.class);
        Map<String, Long> parked = new TreeMap<>();
        for (State row : rows) {
            AccountState.ofWireName(row.state())
                    .ifPresent(state -> {
                        states.merge(state, row.accounts(), Long::sum);
                        if (state == AccountState.PARKED) {
                            parked.merge(String.valueOf(row.failure()), row.accounts(), Long::sum);
                        }
                    });
        }
        return new Accounts(states, parked);
    }

    Webhooks webhooks(@Nullable UUID client) {
        return jdbi.withHandle(handle -> {
            Map<String, Long> counts = new TreeMap<>();
            Sql.of("select state, count(*) as webhooks from webhook")
                    .then(of(client))
                    .then(" group by state")
                    .query(
                            handle.getConnection(),
                            row -> Map.entry(row.getString("state"), row.getLong("webhooks")))
                    .forEach(count -> counts.put(count.getKey(), count.getValue()));
            List<Webhook> longest =
                    Sql.of("select id, url, state, failing_since, last_error from webhook")
                            .then(of(client))
                            .then(client == null ? " where" : " and")
                            .then(
                                    " not healthy and state <> 'enabled' order by failing_since limit ?",
                                    MOST_SHOWN)
                            .query(handle.getConnection(), OverviewStore::webhook);
            return new Webhooks(
                    counts.getOrDefault("enabled", 0L),
                    counts.getOrDefault("failing", 0L),
                    counts.getOrDefault("disabled", 0L),
                    longest);
        });
    }

    private static Webhook webhook(ResultSet row) throws SQLException {
        OffsetDateTime since = row.getObject("failing_since", OffsetDateTime.class);
        return new Webhook(
                row.getObject("id", UUID.class),
                row.getString("url"),
                row.getString("state"),
                since == null ? null : since.toInstant(),
                row.getString("last_error"));
    }

    /** The mail hosts with the most accounts that fail and are tried again. */
    List<Host> hosts(@Nullable UUID client) {
        return jdbi.withHandle(handle ->
                Sql.of("select host, failure_code, count(*) as accounts from account")
                        .then(of(client))
                        .then(client == null ? " where" : " and")
                        .then(
                                """
                                 state = 'retrying' group by host, failure_code
                                order by accounts desc, host limit ?\
                                """,
                                MOST_SHOWN)
                        .query(
                                handle.getConnection(),
                                row ->
                                        new Host(
                                                row.getString("host"),
                                                String.valueOf(row.getString("failure_code")),
                                                row.getLong("accounts"))));
    }

    private static Sql of(@Nullable UUID client) {
        return client == null ? Sql.of("") : Sql.of(" where client_id = ?", client);
    }
}
