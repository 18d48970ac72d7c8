package dev.mailbell.client;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.generic.GenericType;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;

/** The table of clients. */
public final class ClientStore {
    /**
     * The client that the operator's key acts as, unless the request names another. The first
     * migration creates it.
     */
    public static final UUID DEFAULT = UUID.fromString("00000000-0000-7000-8000-000000000000");

    /**
     * The client that the events for the operator are of. The first migration creates it, and it
     * stays.
     */
    public static final UUID OPERATOR = UUID.fromString("00000000-0000-7000-8000-000000000001");

    private static final UUID LOWEST = new UUID(0, 0);

    private final Jdbi jdbi;

    public ClientStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Whether there is such a client, and it is not being erased. */
    public boolean exists(UUID id) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "select exists (select from client where id = :id and erasing_since is null)")
                        .bind("id", id)
                        .mapTo(Boolean.class)
                        .one());
    }

    /** A client, also one that is being erased. */
    public Optional<Client> find(UUID id) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select * from client where id = :id")
                        .bind("id", id)
                        .map((row, context) -> read(row))
                        .findOne());
    }

    /**
     * A page of clients in the order of their ids, also of those that are being erased; without the
     * operator's, which no request changes.
     */
    public List<Client> list(@Nullable UUID after, int limit) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "select * from client where id > :after and id <> :operator"
                                        + " order by id limit :limit")
                        .bind("after", after == null ? LOWEST : after)
                        .bind("operator", OPERATOR)
                        .bind("limit", limit)
                        .map((row, context) -> read(row))
                        .list());
    }

    /** The names of clients by their ids. */
    public Map<UUID, String> names(Collection<UUID> ids) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select id, name from client where id = any (:ids)")
                        .bind("ids", ids.toArray(UUID[]::new))
                        .setMapKeyColumn("id")
                        .setMapValueColumn("name")
                        .collectInto(new GenericType<Map<UUID, String>>() {}));
    }

    /** What differs from the configured limits; nothing for an unknown client. */
    public Client.Limits limits(UUID id) {
        return find(id).map(Client::limits).orElse(Client.Limits.AS_CONFIGURED);
    }

    /**
     * @throws NameTakenException when another client has the name
     */
    public void insert(Client client) {
        naming(() ->
                jdbi.useHandle(handle ->
                        bind(
                                        handle.createUpdate(
                                                """
                                                insert into client (id, name, max_accounts, max_webhooks, max_requests_per_second,
                                                    created_at, updated_at)
                                                values (:id, :name, :accounts, :webhooks, :requests, :now, :now)\
                                                """),
                                        client)
                                .execute()));
    }

    /**
     * Writes the name and the limits, unless another request has changed the client since it was
     * read.
     *
     * @param readAt when it was changed before, as it was read
     * @return false when there is no such client any more, it is being erased, or it was changed
     * @throws NameTakenException when another client has the name
     */
    public boolean update(Client client, Instant readAt) {
        int[] updated = {0};
        naming(() ->
                updated[0] =
                        jdbi.withHandle(handle ->
                                bind(
                                                handle.createUpdate(
                                                        """
                                                        update client set name = :name, max_accounts = :accounts, max_webhooks = :webhooks,
                                                            max_requests_per_second = :requests, updated_at = :now
                                                        where id = :id and erasing_since is null and updated_at = :readAt\
                                                        """),
                                                client)
                                        .bind("readAt", readAt.atOffset(ZoneOffset.UTC))
                                        .execute()));
        return updated[0] == 1;
    }

    private static void naming(Runnable write) {
        try {
            write.run();
        } catch (UnableToExecuteStatementException e) {
            if (e.getCause() instanceof PSQLException cause
                    && PSQLState.UNIQUE_VIOLATION.getState().equals(cause.getSQLState())) {
                throw new NameTakenException(e);
            }
            throw e;
        }
    }

    private static <S extends SqlStatement<S>> S bind(S statement, Client client) {
        return statement
                .bind("id", client.id())
                .bind("name", client.name())
                .bind("accounts", client.limits().accounts())
                .bind("webhooks", client.limits().webhooks())
                .bind("requests", client.limits().requestsPerSecond())
                .bind("now", client.updatedAt().atOffset(ZoneOffset.UTC));
    }

    private static Client read(ResultSet row) throws SQLException {
        return new Client(
                row.getObject("id", UUID.class),
                row.getString("name"),
                new Client.Limits(
                        row.getObject("max_accounts", Integer.class),
                        row.getObject("max_webhooks", Integer.class),
                        row.getObject("max_requests_per_second", Integer.class)),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getObject("updated_at", OffsetDateTime.class).toInstant(),
                instant(row, "erasing_since"));
    }

    static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    /** Does work in one transaction. */
    public <T> T inTransaction(Supplier<T> work) {
        return jdbi.inTransaction(handle -> work.get());
    }

    /** The same as {@link #lock(Handle, UUID)}, within the caller's transaction. */
    public void lock(UUID id) {
        jdbi.useHandle(handle -> lock(handle, id));
    }

    /**
     * Locks a client, so that of transactions that add something to it at the same time each counts
     * what the others have added.
     *
     * @return false when the client is gone
     */
    static boolean lock(Handle handle, UUID id) {
        return handle.createQuery(
                        "select id from client where id = :client and erasing_since is null for no key update")
                .bind("client", id)
                .mapTo(UUID.class)
                .findOne()
                .isPresent();
    }
}
