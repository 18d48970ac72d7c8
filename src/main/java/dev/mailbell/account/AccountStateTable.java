package dev.mailbell.account;

import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.generic.GenericType;
import org.jspecify.annotations.Nullable;

/**
 * What checks read and write of accounts: their states, failures, and when they were last checked.
 */
public final class AccountStateTable {
    private final Jdbi jdbi;

    public AccountStateTable(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Writes the state of an account, unless its client paused it: only the client ends that.
     *
     * @param retryingAnnounced whether the event account.retrying was made
     * @return false when it is paused or gone
     */
    public static boolean setState(
            Handle handle,
            UUID id,
            AccountState state,
            Instant since,
            @Nullable Failure failure,
            boolean retryingAnnounced) {
        return AccountRows.bindFailure(
                                handle.createUpdate(
                                        """
                                        update account set state = :state, state_since = :since, failure_code = :failureCode,
                                            failure_message = :failureMessage, failure_since = :failureSince,
                                            failure_attempts = :failureAttempts, retrying_announced = :told,
                                            last_checked_at = case when :state = 'watching'
                                                then greatest(last_checked_at, :since) else last_checked_at end
                                        where id = :id and state <> 'paused'\
                                        """),
                                failure)
                        .bind("id", id)
                        .bind("state", state.wireName())
                        .bind("since", AccountRows.utc(since))
                        .bind("told", retryingAnnounced)
                        .execute()
                == 1;
    }

    /**
     * An account as it is in the table.
     *
     * @param retryingAnnounced whether the event account.retrying was made
     */
    public record Stored(Account account, boolean retryingAnnounced) {}

    /**
     * Reads an account; no other writer of this row comes between before the transaction ends, and
     * none that had begun is still to come.
     */
    public static Optional<Stored> lock(Handle handle, UUID id) {
        return handle.createQuery("select * from account where id = :id for update")
                .bind("id", id)
                .map((row, context) ->
                        new Stored(AccountRows.read(row), row.getBoolean("retrying_announced")))
                .findOne();
    }

    /** The accounts for which account.retrying was announced, and account.recovered not yet. */
    public Set<UUID> retryingAnnounced() {
        return jdbi.withHandle(handle ->
                handle.createQuery("select id from account where retrying_announced")
                        .mapTo(UUID.class)
                        .set());
    }

    /** When accounts were last checked, in one statement. */
    public void setLastChecked(Collection<Map.Entry<UUID, Instant>> times) {
        UUID[] ids = times.stream().map(Map.Entry::getKey).toArray(UUID[]::new);
        String[] at = times.stream().map(time -> time.getValue().toString()).toArray(String[]::new);
        jdbi.useHandle(handle ->
                handle.createUpdate(
                                """
                                update account a set last_checked_at = greatest(a.last_checked_at, t.at)
                                from unnest(:ids::uuid[], :at::timestamptz[]) t (id, at) where a.id = t.id\
                                """)
                        .bind("ids", ids)
                        .bind("at", at)
                        .execute());
    }

    /** How many accounts that are not paused each client has. */
    public Map<UUID, Long> watchedByClient() {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select client_id, count(*) as accounts from account where state <> 'paused' group by client_id\
                                """)
                        .setMapKeyColumn("client_id")
                        .setMapValueColumn("accounts")
                        .collectInto(new GenericType<Map<UUID, Long>>() {}));
    }
}
