package dev.mailbell.cluster;

import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.Sql;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables in PostgreSQL, over one connection that is used for nothing else. A failed call closes
 * it; the next one opens another. Only the database server's clock is read, so the clocks of the
 * hosts do not matter.
 */
final class PostgresTables implements ClusterTables {
    private static final Logger LOG = LoggerFactory.getLogger(PostgresTables.class);
    private static final double MILLIS = 1000.0;
    private static final int HEARTBEAT_ANSWER_MILLIS = 1000;
    private static final Comparator<Member> ORDER =
            Comparator.comparing(Member::name).thenComparing(Member::id);

    /** Opens a connection whose every wait ends after the given time. */
    @FunctionalInterface
    interface Connections {
        Connection open(Duration patience) throws SQLException;
    }

    private final Connections connections;
    private final Duration patience;
    private final String now;
    private final double life;
    private @Nullable Connection connection;

    PostgresTables(Connections connections, Duration patience) {
        this(connections, patience, "clock_timestamp()");
    }

    /** A second heartbeat has time before the fence when one is not answered. */
    static PostgresTables ofHeartbeats(Connections connections) {
        return new PostgresTables(
                patience -> {
                    Connection connection = connections.open(patience);
                    connection.setNetworkTimeout(Runnable::run, HEARTBEAT_ANSWER_MILLIS);
                    return connection;
                },
                Duration.ofSeconds(2));
    }

    /** With the SQL expression of the present time. */
    PostgresTables(Connections connections, Duration patience, String now) {
        this.connections = connections;
        this.patience = patience;
        this.now = now;
        this.life = Heartbeats.LIFE.toMillis() / MILLIS;
    }

    @Override
    public void register(Node node, String configuration) {
        if (node.exclusive()) {
            update(Sql.of("delete from node where exclusive and id <> ?", node.id()));
        }
        @Nullable URI address = node.address();
        update(
                Sql.of(
                        """
                        insert into node (id, name, pid, address, version, configuration, exclusive, started_at, expires_at)
                        values (?, ?, ?, ?, ?, ?, ?, NOW, NOW + ? * interval '1 second')
                        on conflict (id) do update set expires_at = excluded.expires_at\
                        """
                                .replace("NOW", now),
                        node.id(),
                        node.name(),
                        node.pid(),
                        Sql.text(address == null ? null : address.toString()),
                        node.version(),
                        configuration,
                        node.exclusive(),
                        life));
    }

    private record Renewal(boolean done, Member member, Instant now) {}

    @Override
    public Optional<Beat> renew(UUID id, String configuration) {
        List<Renewal> rows =
                query(
                        Sql.of(
                                """
                                with beat as (update node set expires_at = NOW + ? * interval '1 second', configuration = ?
                                    where id = ? returning id)
                                select id, name, pid, address, version, configuration, started_at, leaving,
                                    exists (select from beat), NOW from node\
                                """
                                        .replace("NOW", now),
                                life,
                                configuration,
                                id),
                        row -> new Renewal(row.getBoolean(9), member(row), time(row, 10)));
        return rows.stream()
                .findFirst()
                .filter(Renewal::done)
                .map(first ->
                        new Beat(
                                rows.stream().map(Renewal::member).sorted(ORDER).toList(),
                                first.now));
    }

    private static Member member(ResultSet row) throws SQLException {
        @Nullable String address = row.getString(4);
        return new Member(
                row.getObject(1, UUID.class),
                row.getString(2),
                row.getLong(3),
                address == null ? null : URI.create(address),
                row.getString(5),
                row.getString(6),
                time(row, 7),
                row.getBoolean(8));
    }

    private static Instant time(ResultSet row, int column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    /** A row of one of the tables. */
    private record Row(@Nullable NodeRow node, int shard, @Nullable UUID owner, long epoch) {}

    @Override
    public View read(long version) {
        List<Row> rows =
                query(
                        Sql.of(
                                """
                                select id, leaving, expires_at, expires_at <= NOW, null::smallint, null::bigint, busy from node
                                union all select node, null, null, null, id, epoch, null from shard
                                    where (select sum(epoch)::bigint from shard) <> ?\
                                """
                                        .replace("NOW", now),
                                version),
                        PostgresTables::row);
        List<NodeRow> nodes = new ArrayList<>();
        List<Row> shards = new ArrayList<>();
        for (Row row : rows) {
            if (row.node == null) {
                shards.add(row);
            } else {
                nodes.add(row.node);
            }
        }
        return new View(nodes, shards.isEmpty() && version >= 0 ? null : shards(shards));
    }

    private static Row row(ResultSet row) throws SQLException {
        UUID id = row.getObject(1, UUID.class);
        int shard = row.getInt(5);
        return row.wasNull()
                ? new Row(
                        new NodeRow(
                                id,
                                row.getBoolean(2),
                                row.getBoolean(7),
                                time(row, 3),
                                row.getBoolean(4)),
                        0,
                        null,
                        0)
                : new Row(null, shard, id, row.getLong(6));
    }

    private static ShardRows shards(List<Row> rows) {
        if (rows.size() != SHARDS) {
            throw new DatabaseException(
                    "the table shard has "
                            + rows.size()
                            + " rows instead of "
                            + SHARDS
                            + ": insert those that are missing, with epoch 0");
        }
        Map<Integer, UUID> owners = new HashMap<>();
        for (Row row : rows) {
            if (row.owner != null) {
                owners.put(row.shard, row.owner);
            }
        }
        return new ShardRows(
                owners,
                rows.stream().sorted(Comparator.comparingInt(Row::shard)).map(Row::epoch).toList());
    }

    @Override
    public Set<UUID> remove(Collection<NodeRow> dead) {
        List<NodeRow> rows = List.copyOf(dead);
        return new HashSet<>(
                query(
                        Sql.of(
                                """
                                delete from node using unnest(?::uuid[], ?::timestamptz[]) as dead (id, expires_at)
                                where node.id = dead.id and node.expires_at = dead.expires_at returning node.id\
                                """,
                                Sql.column(rows, UUID[]::new, NodeRow::id),
                                Sql.column(rows, String[]::new, row -> row.expiresAt().toString())),
                        row -> row.getObject(1, UUID.class)));
    }

    private record Taken(int shard, long epoch) {}

    @Override
    public Map<Integer, Long> take(UUID node, Map<Integer, Long> epochs) {
        return query(
                        change("node = ?, since = clock_timestamp()", epochs, node)
                                .then(
                                        """
                                         and (shard.node is null or shard.node = ?
                                            or not exists (select from node where node.id = shard.node))
                                        and exists (select from node where node.id = ?) returning shard.id, shard.epoch\
                                        """,
                                        node,
                                        node),
                        row -> new Taken(row.getInt(1), row.getLong(2)))
                .stream()
                .collect(Collectors.toMap(Taken::shard, Taken::epoch));
    }

    @Override
    public void giveUp(UUID node, Map<Integer, Long> epochs) {
        update(
                change("node = null, since = clock_timestamp()", epochs)
                        .then(" and shard.node = ?", node));
    }

    private static Sql change(String assignments, Map<Integer, Long> epochs, Object... values) {
        List<Map.Entry<Integer, Long>> rows = List.copyOf(epochs.entrySet());
        return Sql.of("update shard set epoch = shard.epoch + 1, " + assignments, values)
                .then(
                        """
                         from unnest(?::smallint[], ?::bigint[]) as known (id, epoch)
                        where shard.id = known.id and shard.epoch = known.epoch\
                        """,
                        Sql.column(rows, Integer[]::new, Map.Entry::getKey),
                        Sql.column(rows, Long[]::new, Map.Entry::getValue));
    }

    @Override
    public void announceLeaving(UUID id) {
        update(Sql.of("update node set leaving = true where id = ? and not leaving", id));
    }

    @Override
    public void announceBusy(UUID id, boolean busy) {
        update(Sql.of("update node set busy = ? where id = ? and busy <> ?", busy, id, busy));
    }

    @Override
    public void depart(UUID id) {
        update(Sql.of("delete from node where id = ?", id));
    }

    private void update(Sql sql) {
        with(connection -> sql.update(connection));
    }

    private <T> List<T> query(Sql sql, Sql.RowReader<T> reader) {
        return with(connection -> sql.query(connection, reader));
    }

    private synchronized <T> T with(Function<Connection, T> work) {
        boolean done = false;
        try {
            if (connection == null) {
                connection = connections.open(patience);
            }
            T result = work.apply(connection);
            done = true;
            return result;
        } catch (SQLException e) {
            throw new DatabaseException(String.valueOf(e.getMessage()), e);
        } finally {
            if (!done) {
                close();
            }
        }
    }

    @Override
    public synchronized void close() {
        try (Connection old = connection) {
            connection = null;
        } catch (SQLException e) {
            LOG.debug("Closing a connection of the cluster failed: {}", e.getMessage());
        }
    }
}
