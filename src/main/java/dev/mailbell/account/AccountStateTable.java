package dev.mailbell.account;

import dev.mailbell.database.Sql;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.generic.GenericType;
import org.jspecify.annotations.Nullable;

/**
 * What the watch reads and writes of accounts: their states, failures, and when they were last
 * checked.
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
     * @param condition a further one, under which alone the state is written
     * @return false when it is paused or gone, or the condition does not hold
     */
    public static boolean setState(
            Handle handle,
            UUID id,
            AccountState state,
            Instant since,
            @Nullable Failure failure,
            boolean retryingAnnounced,
            Sql condition) {
        return Sql.of(
                                """
                                update account set state = ?, state_since = ?, failure_code = ?, failure_message = ?,
                                    failure_since = ?::timestamptz, failure_attempts = ?, retrying_announced = ?,
                                    last_checked_at = case when ? then greatest(last_checked_at, ?) else last_checked_at end
                                where id = ? and state <> 'paused' and \
                                """,
                                state.wireName(),
                                AccountRows.utc(since),
                                Sql.text(failure == null ? null : failure.code().wireName()),
                                Sql.text(failure == null ? null : failure.message()),
                                Sql.text(failure == null ? null : failure.since().toString()),
                                Sql.integer(failure == null ? null : failure.attempts()),
                                retryingAnnounced,
                                state == AccountState.WATCHING,
                                AccountRows.utc(since),
                                id)
                        .then(condition)
                        .update(handle.getConnection())
                == 1;
    }

    /**
     * An account as it is in the table.
     *
     * @param retryingAnnounced whether the event account.retrying was made
     * @param staleAnnounced whether the event account.stale was made, and no check has ended since
     */
    public record Stored(Account account, boolean retryingAnnounced, boolean staleAnnounced) {}

    /**
     * Notes that the event account.stale is made.
     *
     * @param condition a further one, under which alone it is noted
     * @return false when it was made before, the account is paused or gone, or the condition does
     *     not hold
     */
    public static boolean setStale(Handle handle, UUID id, Sql condition) {
        return Sql.of(
                                "update account set stale_announced = true where id = ? and not stale_announced"
                                        + " and state <> 'paused' and ",
                                id)
                        .then(condition)
                        .update(handle.getConnection())
                == 1;
    }

    /** A check of the account has ended since the event account.stale. */
    public void setChecked(UUID id, Sql condition) {
        jdbi.useHandle(handle ->
                Sql.of("update account set stale_announced = false where id = ? and ", id)
                        .then(condition)
                        .update(handle.getConnection()));
    }

    /**
     * Reads an account; no other writer of this row comes between before the transaction ends, and
     * none that had begun is still to come.
     */
    public static Optional<Stored> lock(Handle handle, UUID id) {
        return handle.createQuery("select * from account where id = :id for update")
                .bind("id", id)
                .map((row, context) -> AccountRows.readStored(row))
                .findOne();
    }

    /**
     * When an account was last checked, to be written under the epoch of its shard.
     *
     * @param epoch of the shard; with another one in the table nothing is written
     */
    public record LastCheck(UUID id, Instant at, int shard, long epoch) {}

    /** When accounts were last checked, in one statement. */
    public void setLastChecked(List<LastCheck> checks) {
        jdbi.useHandle(handle ->
                Sql.of(
                                """
                                update account a set last_checked_at = greatest(a.last_checked_at, t.at)
                                from unnest(?::uuid[], ?::timestamptz[], ?::int[], ?::bigint[]) t (id, at, shard, epoch)
                                where a.id = t.id and exists
                                    (select from shard s where s.id = t.shard and s.epoch = t.epoch)\
                                """,
                                Sql.column(checks, UUID[]::new, LastCheck::id),
                                Sql.column(checks, String[]::new, check -> check.at().toString()),
                                Sql.column(checks, Integer[]::new, LastCheck::shard),
                                Sql.column(checks, Long[]::new, LastCheck::epoch))
                        .update(handle.getConnection()));
    }

    /** How many accounts that are not paused each client has in these shards. */
    public Map<UUID, Long> watchedByClient(Collection<Integer> shards) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select client_id, count(*) as accounts from account
                                where state <> 'paused' and shard = any (:shards) group by client_id\
                                """)
                        .bind("shards", shards.toArray(Integer[]::new))
                        .setMapKeyColumn("client_id")
                        .setMapValueColumn("accounts")
                        .collectInto(new GenericType<Map<UUID, Long>>() {}));
    }

    /** Where a page of accounts ends. */
    public record Cursor(int shard, UUID id) {
        /** Before the first account. */
        public static final Cursor START = new Cursor(-1, new UUID(0, 0));
    }

    /**
     * Some accounts in the order of their shards and ids.
     *
     * @param end where the next page begins
     * @param full whether there may be a next page
     */
    public record Page(List<Stored> accounts, Cursor end, boolean full) {}

    /**
     * The next accounts of these shards, of all clients that are not being erased, {@code limit} at
     * most.
     */
    public Page page(Collection<Integer> shards, Cursor after, int limit) {
        AtomicReference<Cursor> end = new AtomicReference<>(after);
        List<Optional<Stored>> rows =
                jdbi.withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select * from account a
                                        where shard = any (:shards) and (shard, id) > (:shard, :id) and not exists
                                            (select from client c where c.id = a.client_id and c.erasing_since is not null)
                                        order by shard, id limit %d\
                                        """
                                                .formatted(limit))
                                .bind("shards", shards.toArray(Integer[]::new))
                                .bind("shard", after.shard())
                                .bind("id", after.id())
                                .map((row, context) -> {
                                    UUID id = row.getObject("id", UUID.class);
                                    end.set(new Cursor(row.getInt("shard"), id));
                                    return AccountRows.readIfKnown(row);
                                })
                                .list());
        return new Page(
                rows.stream().flatMap(Optional::stream).toList(), end.get(), rows.size() == limit);
    }
}
