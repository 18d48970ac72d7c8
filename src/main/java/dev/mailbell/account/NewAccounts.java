package dev.mailbell.account;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Adds accounts to their table, many at once. */
public final class NewAccounts {
    private static final String INSERT =
            """
            insert into account (id, client_id, shard, ref, address, protocol, host, port, security,
                username, auth, credential, oauth_app, tls_verify, tls_ca_pem, tls_pins, egress, mailboxes, push,
                interval_seconds, envelopes, labels, state, state_since, failure_code,
                failure_message, failure_since, failure_attempts, created_at, updated_at)
            values (:id, :clientId, :shard, :ref, :address, :protocol, :host, :port, :security,
                :username, :auth, :credential, :app, :tlsVerify, :caPem, :tlsPins, :egress, :mailboxes, :push,
                :interval, :envelopes, :labels::jsonb, :state, :stateSince, :failureCode,
                :failureMessage, :failureSince, :failureAttempts, :createdAt, :updatedAt)
            on conflict (client_id, ref) where ref is not null do nothing\
            """;

    private final Jdbi jdbi;

    public NewAccounts(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Adds accounts with a row for each of their mailboxes, in one transaction. An account whose
     * ref the client has given to another one, or to an earlier one of the list, is not added.
     *
     * @return the ids of those that were added
     */
    public Set<UUID> insert(List<Account> accounts) {
        if (accounts.isEmpty()) {
            return Set.of();
        }
        // Of two transactions that add the same refs, one waits for the other: both take the refs
        // in
        // the same order.
        List<Account> sorted =
                accounts.stream()
                        .sorted(
                                Comparator.comparing(
                                        Account::ref,
                                        Comparator.nullsFirst(Comparator.naturalOrder())))
                        .toList();
        return jdbi.inTransaction(handle -> {
            PreparedBatch batch = handle.prepareBatch(INSERT);
            sorted.forEach(account -> AccountRows.bind(batch, account).add());
            int[] rows = batch.execute();
            Set<UUID> added = new HashSet<>();
            for (int i = 0; i < rows.length; i++) {
                if (rows[i] == 1) {
                    added.add(sorted.get(i).id());
                }
            }
            handle.createUpdate(
                            """
                            insert into mailbox (account_id, name)
                            select id, unnest(mailboxes) from account where id = any (:ids)\
                            """)
                    .bind("ids", added.toArray(UUID[]::new))
                    .execute();
            return added;
        });
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
