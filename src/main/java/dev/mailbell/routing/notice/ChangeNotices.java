package dev.mailbell.routing.notice;

import dev.mailbell.database.Database;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.Sql;
import dev.mailbell.database.StartRetry;
import dev.mailbell.routing.notice.NoticeListeners.ListenerFailedException;
import dev.mailbell.routing.notice.NoticeTable.Page;
import dev.mailbell.routing.notice.NoticeTable.Position;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the change notices of all nodes, this one included, and passes them to what keeps the rows
 * in memory. One thread reads, on a connection of its own: at once after a notification, and every
 * second because a notification can be lost. A notice may be passed on more than once.
 */
public final class ChangeNotices implements AutoCloseable {
    /** How long notices stay in the table. */
    static final Duration KEPT = Duration.ofMinutes(15);

    /** A node that has read nothing for so long may have missed notices. */
    static final Duration LONGEST_ABSENCE = Duration.ofMinutes(10);

    private static final Logger LOG = LoggerFactory.getLogger(ChangeNotices.class);
    private static final int PAGE_SIZE = 1_000;
    private static final Duration DATABASE_TIMEOUT = Duration.ofSeconds(5);

    /** How often a start tries to reach a database that does not answer in time. */
    private static final int STARTS = 3;

    private static final Duration SWEEP = Duration.ofSeconds(1);
    private static final Duration DELETION = Duration.ofMinutes(1);

    /** After each sweep, so that many changes one after another lead to few sweeps. */
    private static final Duration REST = Duration.ofMillis(20);

    /** Notices of the time before a connection was lost that are read again. */
    private static final Duration OVERLAP = Duration.ofMinutes(1);

    /** Opens a connection outside of the pool. */
    @FunctionalInterface
    public interface Connections {
        Connection open(Duration patience) throws SQLException;
    }

    private final Connections connections;
    private final BooleanSupplier active;
    private final BooleanSupplier deletes;
    private final int pageSize;
    private final Duration longestAbsence;
    private final NoticeListeners listeners = new NoticeListeners();
    private final Thread thread = Thread.ofVirtual().name("change-notices").unstarted(this::run);

    private volatile @Nullable Connection connection;
    private volatile boolean closed;
    private volatile long sweptAt = System.nanoTime();

    // The rest is the thread's own.
    private Position position = new Position("1:1:", Instant.EPOCH);
    private boolean reconnected;
    private boolean failing;
    private long deletedAt = System.nanoTime();

    /**
     * @param active whether this node may act on changes now; while it may not, notices wait
     * @param deletes whether this node is the one that deletes old notices
     */
    public ChangeNotices(Connections connections, BooleanSupplier active, BooleanSupplier deletes) {
        this(connections, active, deletes, PAGE_SIZE, LONGEST_ABSENCE);
    }

    ChangeNotices(
            Connections connections,
            BooleanSupplier active,
            BooleanSupplier deletes,
            int pageSize,
            Duration longestAbsence) {
        this.connections = connections;
        this.active = active;
        this.deletes = deletes;
        this.pageSize = pageSize;
        this.longestAbsence = longestAbsence;
    }

    /** Registers the metrics. */
    public void measure(MeterRegistry meters) {
        TimeGauge.builder(
                        "change.notices.age",
                        this,
                        TimeUnit.SECONDS,
                        it -> (System.nanoTime() - it.sweptAt) / 1e9)
                .description("Time since this node last read the changes of all nodes")
                .register(meters);
    }

    /**
     * Registers a listener. It is called on one thread, returns soon, and reads the rows as they
     * are now.
     *
     * @param changed called with ids of rows of these kinds that were changed
     * @param allChanged called when changes may have been missed: any row may have changed
     */
    public void on(Set<NoticeKind> kinds, Consumer<Set<UUID>> changed, Runnable allChanged) {
        listeners.add(kinds, changed, allChanged);
    }

    /**
     * Registers what is called when a connection that was lost is made again, perhaps to another
     * server that was promoted without the latest transactions.
     */
    public void onReconnect(Runnable reconnect) {
        listeners.addReconnect(reconnect);
    }

    /**
     * Begins to read. What is read from the tables after this returns needs no notice of a change
     * before.
     *
     * @throws DatabaseException when the database cannot be reached in several tries
     */
    public void start() {
        StartRetry.run(
                STARTS,
                "The changes of other nodes cannot be read; this is tried again",
                this::readPosition);
        reconnected = false;
        thread.start();
    }

    private void readPosition() {
        if (closed) {
            throw new DatabaseException("the changes of other nodes are no longer read");
        }
        try {
            position = connected().now();
        } catch (SQLException | RuntimeException e) {
            disconnect();
            throw new DatabaseException(
                    "the changes of other nodes cannot be read: " + e.getMessage(), e);
        }
    }

    private NoticeTable connected() throws SQLException {
        Connection present = connection;
        if (present == null) {
            present = connections.open(DATABASE_TIMEOUT);
            connection = present;
            if (closed) {
                // close() may have found no connection to close.
                present.close();
            }
            reconnected = true;
            NoticeTable table = new NoticeTable(present, pageSize);
            table.listen();
            return table;
        }
        return new NoticeTable(present, pageSize);
    }

    private void run() {
        try {
            while (!closed) {
                try {
                    round();
                    failing = false;
                } catch (ListenerFailedException e) {
                    LOG.debug("The same changes are passed on again");
                    TimeUnit.NANOSECONDS.sleep(SWEEP.toNanos());
                } catch (SQLException | RuntimeException e) {
                    disconnected(e);
                    TimeUnit.NANOSECONDS.sleep(SWEEP.toNanos());
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("Changes are no longer read");
        } finally {
            disconnect();
        }
    }

    private void round() throws SQLException, InterruptedException {
        NoticeTable table = connected();
        if (active.getAsBoolean()) {
            sweep(table);
            sweptAt = System.nanoTime();
            deleteOld(table);
        }
        TimeUnit.NANOSECONDS.sleep(REST.toNanos());
        Connection present = connection;
        if (present != null) {
            present.unwrap(PGConnection.class).getNotifications((int) SWEEP.toMillis());
        }
    }

    private void sweep(NoticeTable table) {
        if (reconnected) {
            listeners.reconnected();
        }
        Sql unread =
                reconnected
                        ? NoticeTable.unreadOrSince(position, position.at().minus(OVERLAP))
                        : NoticeTable.unread(position);
        Page page = table.first(unread);
        Position target = page.target();
        if (Duration.between(position.at(), target.at()).compareTo(longestAbsence) > 0) {
            LOG.warn("Changes of other nodes may have been missed: everything is read again");
            listeners.allChanged();
        } else {
            listeners.changed(page.notices());
            while (!page.isLast()) {
                page = table.next(unread, page);
                listeners.changed(page.notices());
            }
        }
        // A part that may not act has ignored what it got: it gets that again.
        if (active.getAsBoolean()) {
            position = target;
            reconnected = false;
            listeners.succeeded();
        }
    }

    private void disconnected(Exception e) {
        disconnect();
        if (closed) {
            return;
        }
        if (failing) {
            LOG.debug("Changes of other nodes cannot be read: {}", Database.reason(e));
        } else if (Database.isAway(e)) {
            LOG.info("Changes of other nodes cannot be read now: {}", Database.reason(e));
        } else {
            LOG.warn("Changes of other nodes cannot be read now", e);
        }
        failing = true;
    }

    private void disconnect() {
        try (Connection old = connection) {
            connection = null;
        } catch (SQLException e) {
            LOG.debug("Closing the connection failed: {}", e.getMessage());
        }
    }

    private void deleteOld(NoticeTable table) {
        if (System.nanoTime() - deletedAt < DELETION.toNanos() || !deletes.getAsBoolean()) {
            return;
        }
        deletedAt = System.nanoTime();
        while (!closed && table.deleteSome(KEPT)) {
            LOG.debug("Old change notices are deleted");
        }
    }

    /** Ends the thread, if it was started. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            if (thread.isAlive()) {
                thread.join(Duration.ofSeconds(5));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        disconnect();
    }
}
