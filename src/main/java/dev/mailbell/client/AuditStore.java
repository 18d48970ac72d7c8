package dev.mailbell.client;

import dev.mailbell.database.Sql;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The audit log; rows are added, and dropped with their day. */
public final class AuditStore {
    private final Jdbi jdbi;

    public AuditStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Which entries to read; null fields do not restrict.
     *
     * @param clientId the entries of one client
     * @param done true for requests that were answered with a status below 400, false for others
     * @param since from this moment on
     * @param until before this moment
     */
    public record Filter(
            @Nullable UUID clientId,
            @Nullable String keyId,
            @Nullable String action,
            @Nullable String resource,
            @Nullable Boolean done,
            @Nullable Instant since,
            @Nullable Instant until) {
        Sql where() {
            Sql sql = Sql.of(" where true");
            if (clientId != null) {
                sql = sql.then(" and client_id = ?", clientId);
            }
            if (keyId != null) {
                sql = sql.then(" and key_id = ?", keyId);
            }
            if (action != null) {
                sql = sql.then(" and action = ?", action);
            }
            if (resource != null) {
                sql = sql.then(" and resource = ?", resource);
            }
            if (done != null) {
                sql = sql.then(done ? " and status < 400" : " and status >= 400");
            }
            // By the ids, so that the server leaves out the partitions of other days.
            if (since != null) {
                sql = sql.then(" and id >= ?", floor(since));
            }
            if (until != null) {
                sql = sql.then(" and id < ?", floor(until));
            }
            return sql;
        }
    }

    public void insert(AuditEntry entry) {
        Sql sql =
                Sql.of(
                        """
                        insert into audit (id, at, client_id, key_id, key_name, action, resource, remote_address, status)
                        values (?, ?, ?::uuid, ?, ?, ?, ?, ?, ?)\
                        """,
                        entry.id(),
                        entry.at().atOffset(ZoneOffset.UTC),
                        Sql.text(entry.clientId() == null ? null : entry.clientId().toString()),
                        entry.keyId(),
                        entry.keyName(),
                        entry.action(),
                        entry.resource(),
                        entry.remoteAddress(),
                        entry.status());
        jdbi.useHandle(handle -> sql.update(handle.getConnection()));
    }

    /** A page, newest first, of the entries before one; null for the newest. */
    public List<AuditEntry> before(Filter filter, @Nullable UUID before, int limit) {
        Sql from = before == null ? Sql.of("") : Sql.of(" and id < ?", before);
        return read(filter.where().then(from).then(" order by id desc limit ?", limit));
    }

    /** A page, oldest first, of the entries after one; null for the oldest. */
    public List<AuditEntry> after(Filter filter, @Nullable UUID after, int limit) {
        Sql from = after == null ? Sql.of("") : Sql.of(" and id > ?", after);
        return read(filter.where().then(from).then(" order by id limit ?", limit));
    }

    private List<AuditEntry> read(Sql condition) {
        Sql sql = Sql.of("select * from audit").then(condition);
        return jdbi.withHandle(handle -> sql.query(handle.getConnection(), AuditStore::read));
    }

    private static AuditEntry read(ResultSet row) throws SQLException {
        return new AuditEntry(
                row.getObject("id", UUID.class),
                row.getObject("at", OffsetDateTime.class).toInstant(),
                row.getObject("client_id", UUID.class),
                row.getString("key_id"),
                row.getString("key_name"),
                row.getString("action"),
                row.getString("resource"),
                row.getString("remote_address"),
                row.getInt("status"));
    }

    /** The lowest UUIDv7 of a millisecond, in PostgreSQL's sort order. */
    private static UUID floor(Instant instant) {
        return new UUID(Math.max(0, instant.toEpochMilli()) << 16, 0);
    }
}
