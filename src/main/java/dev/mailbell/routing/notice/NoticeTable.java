package dev.mailbell.routing.notice;

import dev.mailbell.database.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The table of change notices. A reader asks for the notices whose transactions were not complete
 * at its last snapshot. So it misses none of a transaction that commits late, and does not wait for
 * one that runs long.
 */
public final class NoticeTable {
    /** The channel of the notifications; the triggers name it too. */
    static final String CHANNEL = "mailbell_change";

    private static final int DELETED_AT_ONCE = 10_000;
    private static final double MILLIS = 1000.0;

    private final Connection connection;
    private final int pageSize;

    NoticeTable(Connection connection, int pageSize) {
        this.connection = connection;
        this.pageSize = pageSize;
    }

    /**
     * Where a reader is: it has read what this snapshot shows.
     *
     * @param snapshot in PostgreSQL's form
     * @param at when it was taken, by the server's clock
     */
    record Position(String snapshot, Instant at) {}

    /**
     * @param kind empty for a kind of a newer version
     */
    record Notice(String tx, long id, Optional<NoticeKind> kind, UUID subject) {}

    /**
     * Some notices, in the order of their transactions.
     *
     * @param target where the reader is when it has read all pages
     */
    record Page(Position target, List<Notice> notices, boolean isLast) {}

    private record Row(Position target, @Nullable Notice notice) {}

    /** Asks for notifications of new notices. */
    void listen() {
        Sql.of("listen " + CHANNEL).update(connection);
    }

    /** The position of a reader that needs no notice of what is in the tables already. */
    Position now() {
        return Sql.of("select pg_current_snapshot()::text, clock_timestamp()")
                .query(connection, row -> new Position(row.getString(1), instant(row, 2)))
                .getFirst();
    }

    /** A condition on a notice {@code n}: its transaction was not complete at a position. */
    static Sql unread(Position before) {
        return Sql.of(
                "n.tx >= pg_snapshot_xmin(?::pg_snapshot) and not pg_visible_in_snapshot(n.tx, ?::pg_snapshot)",
                before.snapshot(),
                before.snapshot());
    }

    /**
     * The same, or it was written since a time: after a failover the ids of lost transactions are
     * given again.
     */
    static Sql unreadOrSince(Position before, Instant time) {
        return Sql.of(
                "(not pg_visible_in_snapshot(n.tx, ?::pg_snapshot) or n.at >= ?)",
                before.snapshot(),
                time.atOffset(ZoneOffset.UTC));
    }

    /** The first page of the notices that a condition selects. */
    Page first(Sql condition) {
        List<Row> rows =
                Sql.of(
                                """
                                select s.snapshot::text, s.at, n.tx::text, n.id, n.kind, n.subject
                                from (select pg_current_snapshot() as snapshot, clock_timestamp() as at) s
                                left join lateral (select * from change_notice n where \
                                """)
                        .then(condition)
                        .then(
                                " order by n.tx, n.id limit ?) n on true order by n.tx, n.id",
                                pageSize)
                        .query(
                                connection,
                                row ->
                                        new Row(
                                                new Position(row.getString(1), instant(row, 2)),
                                                row.getString(3) == null ? null : notice(row, 3)));
        List<Notice> notices = new ArrayList<>();
        for (Row row : rows) {
            if (row.notice() != null) {
                notices.add(row.notice());
            }
        }
        return new Page(rows.getFirst().target(), notices, notices.size() < pageSize);
    }

    /** The page after another one of the same condition: of what the target of that one shows. */
    Page next(Sql condition, Page page) {
        Notice last = page.notices().getLast();
        List<Notice> notices =
                Sql.of("select n.tx::text, n.id, n.kind, n.subject from change_notice n where ")
                        .then(condition)
                        .then(
                                """
                                 and (n.tx, n.id) > (?::xid8, ?) and pg_visible_in_snapshot(n.tx, ?::pg_snapshot)
                                order by n.tx, n.id limit ?\
                                """,
                                last.tx(),
                                last.id(),
                                page.target().snapshot(),
                                pageSize)
                        .query(connection, row -> notice(row, 1));
        return new Page(page.target(), notices, notices.size() < pageSize);
    }

    private static Notice notice(ResultSet row, int first) throws SQLException {
        return new Notice(
                row.getString(first),
                row.getLong(first + 1),
                NoticeKind.ofWireName(row.getString(first + 2)),
                row.getObject(first + 3, UUID.class));
    }

    private static Instant instant(ResultSet row, int column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    /**
     * Deletes some notices of an age.
     *
     * @return false when there are no more
     */
    boolean deleteSome(Duration age) {
        int deleted =
                Sql.of(
                                """
                                delete from change_notice where ctid = any (array(
                                    select ctid from change_notice
                                    where at < clock_timestamp() - ? * interval '1 second' limit ?))\
                                """,
                                age.toMillis() / MILLIS,
                                DELETED_AT_ONCE)
                        .update(connection);
        return deleted == DELETED_AT_ONCE;
    }

    /** Adds a notice that no trigger adds. */
    public static void add(Handle handle, NoticeKind kind, UUID subject) {
        handle.execute("select note_change(?, ?)", kind.wireName(), subject);
    }
}
