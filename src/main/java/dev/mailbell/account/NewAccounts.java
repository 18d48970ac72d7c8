package dev.mailbell.account;

import dev.mailbell.database.Sql;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** Adds accounts to their table, many at once. */
public final class NewAccounts {
    private static final String INSERT =
            """
            with added as (
                insert into account (id, client_id, shard, ref, address, protocol, host, port, security,
                    username, auth, credential, oauth_app, tls_verify, tls_ca_pem, tls_pins, egress, mailboxes, push,
                    interval_seconds, envelopes, labels, state, state_since, failure_code,
                    failure_message, failure_since, failure_attempts, created_at, updated_at)
                select id, client_id, shard, ref, address, protocol, host, port, security,
                    username, auth, credential, oauth_app, tls_verify, tls_ca_pem, tls_pins::text[], egress, mailboxes::text[], push,
                    interval_seconds, envelopes, labels::jsonb, state, state_since, failure_code,
                    failure_message, failure_since, failure_attempts, created_at, updated_at
                from unnest(?::uuid[], ?::uuid[], ?::smallint[], ?::text[], ?::text[], ?::text[], ?::text[], ?::int[], ?::text[],
                    ?::text[], ?::text[], ?::bytea[], ?::uuid[], ?::boolean[], ?::text[], ?::text[], ?::text[], ?::text[], ?::boolean[],
                    ?::int[], ?::boolean[], ?::text[], ?::text[], ?::timestamptz[], ?::text[],
                    ?::text[], ?::timestamptz[], ?::int[], ?::timestamptz[], ?::timestamptz[])
                    as t (id, client_id, shard, ref, address, protocol, host, port, security,
                    username, auth, credential, oauth_app, tls_verify, tls_ca_pem, tls_pins, egress, mailboxes, push,
                    interval_seconds, envelopes, labels, state, state_since, failure_code,
                    failure_message, failure_since, failure_attempts, created_at, updated_at)
                on conflict (client_id, ref) where ref is not null do nothing
                returning id, mailboxes
            ), boxes as (
                insert into mailbox (account_id, name) select id, unnest(mailboxes) from added
            )
            select id from added\
            """;

    private final Jdbi jdbi;

    public NewAccounts(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Adds accounts with a row for each of their mailboxes, in one statement. An account whose ref
     * the client has given to another one, or to an earlier one of the list, is not added.
     *
     * @return the ids of those that were added
     */
    public Set<UUID> insert(List<Account> accounts) {
        if (accounts.isEmpty()) {
            return Set.of();
        }
        // Of two transactions that add the same refs, one waits for the other: both take the refs
        // in the same order.
        List<Account> sorted =
                accounts.stream()
                        .sorted(
                                Comparator.comparing(
                                        Account::ref,
                                        Comparator.nullsFirst(Comparator.naturalOrder())))
                        .toList();
        Sql insert = statement(sorted);
        return jdbi.withHandle(handle ->
                new HashSet<>(
                        insert.query(handle.getConnection(), row -> row.getObject(1, UUID.class))));
    }

    /** With an array for each column: an execution for each account would cost three times that. */
    private static Sql statement(List<Account> accounts) {
        return Sql.of(
                INSERT,
                Sql.column(accounts, UUID[]::new, Account::id),
                Sql.column(accounts, UUID[]::new, Account::clientId),
                Sql.column(accounts, Integer[]::new, Account::shard),
                texts(accounts, Account::ref),
                texts(accounts, Account::address),
                texts(accounts, account -> lower(account.mail().protocol())),
                texts(accounts, account -> account.mail().host()),
                Sql.column(accounts, Integer[]::new, account -> account.mail().port()),
                texts(accounts, account -> lower(account.mail().security())),
                texts(accounts, account -> account.mail().username()),
                texts(accounts, account -> lower(account.mail().auth())),
                Sql.column(accounts, byte[][]::new, Account::credential),
                Sql.column(accounts, UUID[]::new, Account::app),
                Sql.column(accounts, Boolean[]::new, account -> account.mail().tls().verify()),
                texts(accounts, account -> account.mail().tls().caPem()),
                texts(accounts, account -> array(AccountRows.pins(account))),
                texts(accounts, account -> account.mail().egress()),
                texts(accounts, account -> array(account.mailboxes())),
                Sql.column(accounts, Boolean[]::new, account -> account.watch().push()),
                Sql.column(accounts, Integer[]::new, NewAccounts::interval),
                Sql.column(accounts, Boolean[]::new, account -> account.watch().envelopes()),
                texts(accounts, account -> AccountRows.json(account.labels())),
                texts(accounts, account -> account.state().wireName()),
                texts(accounts, account -> account.stateSince().toString()),
                texts(accounts, account -> ofFailure(account, it -> it.code().wireName())),
                texts(accounts, account -> ofFailure(account, Failure::message)),
                texts(accounts, account -> ofFailure(account, it -> text(it.since()))),
                Sql.column(
                        accounts, Integer[]::new, account -> ofFailure(account, Failure::attempts)),
                texts(accounts, account -> text(account.createdAt())),
                texts(accounts, account -> text(account.updatedAt())));
    }

    private static @Nullable String[] texts(
            List<Account> accounts, Function<Account, @Nullable String> value) {
        return Sql.column(accounts, String[]::new, value);
    }

    private static <T> @Nullable T ofFailure(Account account, Function<Failure, T> value) {
        Failure failure = account.failure();
        return failure == null ? null : value.apply(failure);
    }

    private static @Nullable Integer interval(Account account) {
        Duration interval = account.watch().interval();
        return interval == null ? null : (Integer) Math.toIntExact(interval.toSeconds());
    }

    private static String lower(Enum<?> name) {
        return name.name().toLowerCase(Locale.ROOT);
    }

    private static String text(Instant instant) {
        return instant.toString();
    }

    /** An array of PostgreSQL as text (its documentation, section 8.15.6); null for none. */
    private static @Nullable String array(List<String> values) {
        return values.isEmpty()
                ? null
                : values.stream()
                        .map(value -> value.replace("\\", "\\\\").replace("\"", "\\\""))
                        .collect(Collectors.joining("\",\"", "{\"", "\"}"));
    }

    /**
     * Which of these accounts their client has neither changed, paused nor removed since; none of a
     * client that is being erased.
     */
    public Set<UUID> unchanged(List<Account> accounts) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select a.id from account a
                                join unnest(:ids::uuid[], :times::timestamptz[]) t (id, at) on a.id = t.id and a.updated_at = t.at
                                where a.state <> 'paused' and not exists
                                    (select from client c where c.id = a.client_id and c.erasing_since is not null)\
                                """)
                        .bind("ids", accounts.stream().map(Account::id).toArray(UUID[]::new))
                        .bind(
                                "times",
                                accounts.stream()
                                        .map(account -> account.updatedAt().toString())
                                        .toArray(String[]::new))
                        .mapTo(UUID.class)
                        .set());
    }
}
