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
 * The right to check mailboxes and send deliveries of a database. One daemon holds it at a time. A
 * thread renews the lease every second over a connection of its own. The lease expires {@link
 * #LIFE} after its last renewal; then another daemon can take it.
 *
 * <p>The holder stops by itself before that: {@link #held} is false when the last successful
 * renewal began more than {@link #FENCE} ago, by the monotonic or by the wall clock. A daemon that
 * was frozen therefore does nothing after it wakes, until a renewal shows that no other daemon took
 * the lease meanwhile.
 */
public final class Lease implements AutoCloseable {
    /** How long a renewal is valid for other daemons, by the database server's clock. */
    static final Duration LIFE = Duration.ofSeconds(5);

    /** How long the holder trusts its last renewal: 60 % of {@link #LIFE}. */
    static final Duration FENCE = Duration.ofSeconds(3);

    /** How long a starting daemon waits for the lease of a daemon that may be dead. */
    static final Duration TAKE_TIMEOUT = LIFE.plusMillis(1500);

    private static final Logger LOG = LoggerFactory.getLogger(Lease.class);
    private static final Duration RENEWAL_INTERVAL = Duration.ofSeconds(1);
    private static final Duration RETRY_INTERVAL = Duration.ofMillis(250);
    private static final Duration DATABASE_TIMEOUT = Duration.ofSeconds(2);

    /** Opens a connection for the lease alone. */
    @FunctionalInterface
    public interface Connections {
        Connection open(Duration timeout) throws SQLException;
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
    private String reason = "a renewal came too late";

    /** The start of a successful renewal, by both clocks. */
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
     * Takes the lease and starts to renew it. Waits for the expiry of a lease whose holder may be
     * dead.
     *
     * @throws LeaseRefusedException when another daemon renews it, or the database is unreachable
     */
    public static Lease take(Connections connections, Node node, InstantSource clock) {
        Lease lease = take(connections, node, System::nanoTime, clock, TAKE_TIMEOUT);
        lease.thread.start();
        return lease;
    }

    /** As above, without the thread that renews the lease. */
    static Lease take(
            Connections connections,
            Node node,
            LongSupplier nanoTime,
            InstantSource clock,
            Duration timeout) {
        try (Connection connection = connections.open(DATABASE_TIMEOUT)) {
            LeaseTable table = new LeaseTable(connection, LIFE);
            long start = nanoTime.getAsLong();
            boolean waited = false;
            while (true) {
                Renewal now = new Renewal(nanoTime.getAsLong(), clock.instant());
                Optional<Long> epoch = table.take(node);
                if (epoch.isPresent()) {
                    LOG.debug("The lease is taken with epoch {}", epoch.get());
                    return new Lease(connections, node, nanoTime, clock, epoch.get(), now);
                }
                Optional<Holder> holder = table.holder();
                if (nanoTime.getAsLong() - start >= timeout.toNanos()) {
                    throw refused(holder);
                }
                if (!waited) {
                    waited = true;
                    LOG.info(
                            "Waiting at most {} ms for the lease on the database, which {} holds",
                            timeout.toMillis(),
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
            Thread.sleep(RETRY_INTERVAL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LeaseRefusedException("interrupted while waiting for the lease");
        }
    }

    /** Whether this daemon may check mailboxes, connect to mail servers and send deliveries now. */
    public boolean held() {
        Renewal renewal = last;
        // Both clocks, because the monotonic one stands still while the machine sleeps.
        return !lost.isDone()
                && nanoTime.getAsLong() - renewal.nanoTime < FENCE.toNanos()
                && Duration.between(renewal.wall, clock.instant()).compareTo(FENCE) < 0;
    }

    /** The fencing token: each later taking of the lease, by any daemon, has a higher epoch. */
    public long epoch() {
        return epoch;
    }

    /**
     * Completed with the reason when another daemon has taken the lease; this one must end then.
     */
    public CompletableFuture<String> lost() {
        return lost;
    }

    private void run() {
        try {
            while (!lost.isDone()) {
                Thread.sleep(RENEWAL_INTERVAL);
                renew();
            }
        } catch (InterruptedException closed) {
            LOG.debug("The lease is no longer renewed");
        }
    }

    /** Renews the lease once; after a failure the next call tries again. */
    synchronized void renew() {
        if (closed) {
            // A released lease must not be taken again.
            return;
        }
        Renewal now = new Renewal(nanoTime.getAsLong(), clock.instant());
        boolean heldBefore = held();
        try {
            if (connection == null) {
                connection = connections.open(DATABASE_TIMEOUT);
            }
            renew(new LeaseTable(connection, LIFE), now);
        } catch (SQLException | RuntimeException e) {
            LOG.debug("The lease is not renewed: {}", e.getMessage());
            reason = Database.reason(e);
            disconnect();
        }
        log(heldBefore);
    }

    private void renew(LeaseTable table, Renewal now) {
        if (table.renew(node, epoch)) {
            last = now;
            reason = "a renewal came too late";
            return;
        }
        Optional<Long> next = table.retake(node, epoch);
        if (next.isPresent()) {
            epoch = next.get();
            last = now;
            return;
        }
        String cause =
                table.holder()
                        .map(it -> name(it) + " took over the database at " + it.since())
                        .orElse("the row of node_lease was removed");
        LOG.error("This daemon ends: {}", cause);
        lost.complete(cause);
    }

    private void log(boolean heldBefore) {
        boolean heldNow = held();
        if (!heldNow && !fenceLogged && !lost.isDone()) {
            LOG.warn(
                    "The lease on the database is not renewed; checks and deliveries wait until it is: {}",
                    reason);
        } else if (heldNow && (fenceLogged || !heldBefore)) {
            LOG.info("The lease on the database is renewed; checks and deliveries go on");
        }
        fenceLogged = !heldNow;
    }

    private void disconnect() {
        try (Connection old = connection) {
            connection = null;
        } catch (SQLException e) {
            LOG.debug("Closing the lease's connection failed: {}", e.getMessage());
        }
    }

    /** Releases the lease, so that the next daemon need not wait. */
    @Override
    public void close() {
        thread.interrupt();
        synchronized (this) {
            closed = true;
            try {
                if (!lost.isDone()) {
                    if (connection == null) {
                        connection = connections.open(DATABASE_TIMEOUT);
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
