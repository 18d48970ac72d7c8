package dev.mailbell.cluster;

import dev.mailbell.database.Sql;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;

/**
 * The lease's row in the table {@code node_lease}. Only the database server's clock is read, so the
 * clocks of the hosts do not matter. Every statement is its own transaction.
 */
final class LeaseTable {
    private static final String NAME = "daemon";
    private static final double MILLIS = 1000.0;

    private final Connection connection;
    private final double seconds;

    /**
     * @param life how long a statement that takes or renews the lease makes it valid
     */
    LeaseTable(Connection connection, Duration life) {
        this.connection = connection;
        this.seconds = life.toMillis() / MILLIS;
    }

    /**
     * The holder in the row.
     *
     * @param expiresIn negative when the lease has expired
     */
    record Holder(String node, long pid, Instant since, Duration expiresIn) {}

    /** Takes the lease if it is free or has expired; returns the new epoch. */
    Optional<Long> take(Node node) {
        return first(
                Sql.of(
                        """
                        insert into node_lease as held (name, epoch, holder, node, pid, exclusive, taken_at, expires_at)
                        values (?, 1, ?, ?, ?, ?, clock_timestamp(), clock_timestamp() + ? * interval '1 second')
                        on conflict (name) do update set
                            epoch = held.epoch + 1, holder = excluded.holder, node = excluded.node, pid = excluded.pid,
                            exclusive = excluded.exclusive, taken_at = excluded.taken_at, expires_at = excluded.expires_at
                            where held.expires_at <= clock_timestamp() or held.exclusive and excluded.exclusive
                        returning epoch\
                        """,
                        NAME,
                        node.id(),
                        node.name(),
                        node.pid(),
                        node.exclusive(),
                        seconds));
    }

    /** Prolongs the lease; false when it has expired or another daemon holds it. */
    boolean renew(Node node, long epoch) {
        return Sql.of(
                                """
                                update node_lease set expires_at = clock_timestamp() + ? * interval '1 second'
                                where name = ? and holder = ? and epoch = ? and expires_at > clock_timestamp()\
                                """,
                                seconds,
                                NAME,
                                node.id(),
                                epoch)
                        .update(connection)
                == 1;
    }

    /** Takes the lease again after it expired, unless another daemon took it meanwhile. */
    Optional<Long> retake(Node node, long epoch) {
        return first(
                Sql.of(
                        """
                        update node_lease set epoch = epoch + 1, taken_at = clock_timestamp(),
                            expires_at = clock_timestamp() + ? * interval '1 second'
                        where name = ? and holder = ? and epoch = ? returning epoch\
                        """,
                        seconds,
                        NAME,
                        node.id(),
                        epoch));
    }

    /** Releases the lease, so that the next daemon can take it at once. */
    void release(Node node, long epoch) {
        Sql.of(
                        "update node_lease set expires_at = clock_timestamp() where name = ? and holder = ? and epoch = ?",
                        NAME,
                        node.id(),
                        epoch)
                .update(connection);
    }

    Optional<Holder> holder() {
        return Sql.of(
                        """
                        select node, pid, taken_at, (extract(epoch from expires_at - clock_timestamp()) * 1000)::bigint
                        from node_lease where name = ?\
                        """,
                        NAME)
                .query(
                        connection,
                        row ->
                                new Holder(
                                        row.getString(1),
                                        row.getLong(2),
                                        row.getObject(3, OffsetDateTime.class).toInstant(),
                                        Duration.ofMillis(row.getLong(4))))
                .stream()
                .findFirst();
    }

    private Optional<Long> first(Sql sql) {
        List<Long> epochs = sql.query(connection, row -> row.getLong(1));
        return epochs.stream().findFirst();
    }
}
