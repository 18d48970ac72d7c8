package dev.mailbell.cluster;

import dev.mailbell.cluster.LeaseTable.Holder;
import dev.mailbell.database.Database;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to check mailboxes and send deliveries of a database, which one daemon has at a time. A
 * thread renews it every second over a connection of its own; unrenewed for {@link #LIFE} it is
 * free for another daemon.
 *
 * <p>The holder stops by itself before that: {@link #held} is false as soon as the last renewal
 * that succeeded was begun more than {@link #FENCE} ago, by the monotonic clock. A daemon that was
 * frozen therefore does nothing after it wakes, until a renewal shows that no other daemon came in
 * between.
 */
public final class Lease implements AutoCloseable {
    /** How long the row is another's after its last renewal, by the database server's clock. */
    static final Duration LIFE = Duration.ofSeconds(5);

    /** How long the holder trusts its last renewal: 60 % of {@link #LIFE}. */
    static final Duration FENCE = Duration.ofSeconds(3);

    /** How long a start waits for the lease of a daemon that may be dead. */
    static final Duration PATIENCE = LIFE.plusMillis(1500);

    private static final Logger LOG = LoggerFactory.getLogger(Lease.class);
    private static final Duration BETWEEN_RENEWALS = Duration.ofSeconds(1);
    private static final Duration BETWEEN_TRIES = Duration.ofMillis(250);
    private static final Duration ANSWER = Duration.ofSeconds(2);

    /** Opens a connection for the lease alone. */
    @FunctionalInterface
    public interface Connections {
        Connection open(Duration patience) throws SQLException;
    }

    private final Connections connections;
    private final Node node;
    private final LongSupplier nanoTime;
    private final InstantSource clock;
    private final CompletableFuture<String> lost = new CompletableFuture<>();
    private final Thread thread = Thread.ofVirtual().name("lease").unstarted(this::run);
    private volatile long epoch;
    private volatile Renewal last;
    private @Nullable Connection connection;
    private boolean fenceLogged;
    private boolean closed;
    private String why = "a renewal came too late";

    /** When a renewal that succeeded was begun, by both clocks. */
    private record Renewal(long nanoTime, Instant wall) {}

    private Lease(
            Connections connections,
            Node node,
            LongSupplier nanoTime,
            InstantSource clock,
            long epoch,
            Renewal taken) {
        this.connections = connections;
        this.node = node;
        this.nanoTime = nanoTime;
        this.clock = clock;
        this.epoch = epoch;
        this.last = taken;
    }

    /**
     * Takes the lease and keeps it. Waits for one that may be a dead daemon's until it expires.
     *
     * @throws LeaseRefusedException when another daemon renews it, or the database cannot be asked
     */
    public static Lease take(Connections connections, Node node, InstantSource clock) {
        Lease lease = take(connections, node, System::nanoTime, clock, PATIENCE);
        lease.thread.start();
        return lease;
    }

    /** Without the thread. */
    static Lease take(
            Connections connections,
            Node node,
            LongSupplier nanoTime,
            InstantSource clock,
            Duration patience) {
        try (Connection connection = connections.open(ANSWER)) {
            LeaseTable table = new LeaseTable(connection, LIFE);
            long begun = nanoTime.getAsLong();
            boolean waited = false;
            while (true) {
                Renewal now = new Renewal(nanoTime.getAsLong(), clock.instant());
                Optional<Long> epoch = table.take(node);
                if (epoch.isPresent()) {
                    LOG.debug("The lease is taken with epoch {}", epoch.get());
                    return new Lease(connections, node, nanoTime, clock, epoch.get(), now);
                }
                Optional<Holder> holder = table.holder();
                if (nanoTime.getAsLong() - begun >= patience.toNanos()) {
                    throw refused(holder);
                }
                if (!waited) {
                    waited = true;
                    LOG.info(
                            "Waiting at most {} ms for the lease on the database, which {} holds",
                            patience.toMillis(),
                            holder.map(Lease::name).orElse("another daemon"));
                }
                pause();
            }
        } catch (SQLException e) {
            throw new LeaseRefusedException(
                    "the database went away before it could be asked for the lease: start again when it is back");
        }
    }

    private static LeaseRefusedException refused(Optional<Holder> holder) {
        return new LeaseRefusedException(
                "another Mailbell works on this database: "
                        + holder.map(it ->
                                        name(it)
                                                + ", since "
                                                + it.since().truncatedTo(ChronoUnit.SECONDS))
                                .orElse("its row in node_lease is gone again")
                        + ". One database has one daemon. Stop that daemon, and this one takes over within"
                        + " seconds; or give this one a database of its own (database.url)");
    }

    private static String name(Holder holder) {
        return "the daemon on host " + holder.node() + ", process " + holder.pid();
    }

    private static void pause() {
        try {
            Thread.sleep(BETWEEN_TRIES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LeaseRefusedException("interrupted while waiting for the lease");
        }
    }

    /** Whether this daemon may check mailboxes, connect to mail servers and send deliveries now. */
    public boolean held() {
        Renewal renewal = last;
        // The monotonic clock stands still while the machine sleeps, the wall clock does not.
        return !lost.isDone()
                && nanoTime.getAsLong() - renewal.nanoTime < FENCE.toNanos()
                && Duration.between(renewal.wall, clock.instant()).compareTo(FENCE) < 0;
    }

    /** The number of this tenure; each later one of any daemon is higher. */
    public long epoch() {
        return epoch;
    }

    /** Why this daemon must end, once another one has the lease. */
    public CompletableFuture<String> lost() {
        return lost;
    }

    private void run() {
        try {
            while (!lost.isDone()) {
                Thread.sleep(BETWEEN_RENEWALS);
                renew();
            }
        } catch (InterruptedException closed) {
            LOG.debug("The lease is no longer renewed");
        }
    }

    /** Renews the lease once; a failure is tried again at the next turn. */
    synchronized void renew() {
        if (closed) {
            // What was let go of must not be taken again.
            return;
        }
        Renewal now = new Renewal(nanoTime.getAsLong(), clock.instant());
        boolean before = held();
        try {
            if (connection == null) {
                connection = connections.open(ANSWER);
            }
            renew(new LeaseTable(connection, LIFE), now);
        } catch (SQLException | RuntimeException e) {
            LOG.debug("The lease is not renewed: {}", e.getMessage());
            why = Database.reason(e);
            disconnect();
        }
        log(before);
    }

    private void renew(LeaseTable table, Renewal now) {
        if (table.renew(node, epoch)) {
            last = now;
            why = "a renewal came too late";
            return;
        }
        Optional<Long> next = table.retake(node, epoch);
        if (next.isPresent()) {
            epoch = next.get();
            last = now;
            return;
        }
        String reason =
                table.holder()
                        .map(it -> name(it) + " took over the database at " + it.since())
                        .orElse("the row of node_lease was removed");
        LOG.error("This daemon ends: {}", reason);
        lost.complete(reason);
    }

    private void log(boolean before) {
        boolean after = held();
        if (!after && !fenceLogged && !lost.isDone()) {
            LOG.warn(
                    "The lease on the database is not renewed; checks and deliveries wait until it is: {}",
                    why);
        } else if (after && (fenceLogged || !before)) {
            LOG.info("The lease on the database is renewed; checks and deliveries go on");
        }
        fenceLogged = !after;
    }

    private void disconnect() {
        try (Connection old = connection) {
            connection = null;
        } catch (SQLException e) {
            LOG.debug("The lease's connection was not closed well: {}", e.getMessage());
        }
    }

    /** Lets go of the lease, so that the next daemon need not wait. */
    @Override
    public void close() {
        thread.interrupt();
        synchronized (this) {
            closed = true;
            try {
                if (!lost.isDone()) {
                    if (connection == null) {
                        connection = connections.open(ANSWER);
                    }
                    new LeaseTable(connection, LIFE).release(node, epoch);
                }
            } catch (SQLException | RuntimeException e) {
                LOG.debug("The lease is not released and expires: {}", e.getMessage());
            } finally {
                disconnect();
            }
        }
    }
}
