package dev.mailbell.watch.record;

import dev.mailbell.database.Database;
import dev.mailbell.database.FencedException;
import dev.mailbell.database.Outage;
import dev.mailbell.fairness.ActingClient;
import dev.mailbell.fairness.FairSemaphore;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Permits for checks to use the database. A few checks use it at once, so that a thousand first
 * checks wait here and do not use up the connections of the pool that all other parts need. Closed
 * while the database is away: no check could be recorded, so none connects to a mail server.
 */
public final class DatabasePermits {
    private static final Logger LOG = LoggerFactory.getLogger(DatabasePermits.class);
    private static final Duration PROBED_EVERY = Duration.ofSeconds(1);

    /** Checks that have no deadline of their own wait no longer for a permit. */
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    /** The check for which the thread reads and writes. */
    private static final ScopedValue<Use> USE = ScopedValue.newInstance();

    private record Use(CheckKind kind, Deadline deadline) {}

    private final Jdbi jdbi;
    private final BooleanSupplier held;
    private final FairSemaphore permits;

    /** Fewer than all: a quarter is reserved for pushed and on-demand checks. */
    private final FairSemaphore scheduled;

    private final AtomicReference<@Nullable RuntimeException> away = new AtomicReference<>();
    private volatile boolean stopped;

    /**
     * @param atOnce how many go through at once, fewer than the pool has connections
     * @param held whether this node may check mailboxes and record what it finds
     */
    public DatabasePermits(Jdbi jdbi, int atOnce, BooleanSupplier held) {
        this.jdbi = jdbi;
        this.held = held;
        this.permits = new FairSemaphore(Math.max(1, atOnce));
        this.scheduled = new FairSemaphore(Math.max(1, atOnce * 3 / 4));
    }

    public boolean isOpen() {
        return away.get() == null && held.getAsBoolean();
    }

    /**
     * Runs a check of the client's account, which waits for its permits here no longer than to the
     * deadline. The clients that wait take turns.
     */
    public <T> T within(UUID client, CheckKind kind, Deadline deadline, Supplier<T> check) {
        return ActingClient.call(
                client, () -> ScopedValue.where(USE, new Use(kind, deadline)).call(check::get));
    }

    /**
     * Reads or writes.
     *
     * @throws NoRoomException when no permit was free by the deadline
     * @throws RuntimeException of {@link Database#isAway} when the database is away; the permits
     *     are granted again when it is back
     */
    public <T> T through(Supplier<T> work) {
        Use use =
                USE.isBound()
                        ? USE.get()
                        : new Use(CheckKind.SCHEDULED, Deadline.after(LONGEST_WAIT));
        if (use.kind != CheckKind.SCHEDULED) {
            return withPermit(permits, use.deadline, () -> now(work));
        }
        return withPermit(
                scheduled, use.deadline, () -> withPermit(permits, use.deadline, () -> now(work)));
    }

    private static <T> T withPermit(FairSemaphore of, Deadline deadline, Supplier<T> work) {
        try {
            if (!of.tryAcquire(ActingClient.current(), deadline.remainingNanos())) {
                throw new NoRoomException("the database is slow: too many checks wait for it");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NotWatchedException();
        }
        try {
            return work.get();
        } finally {
            of.release();
        }
    }

    /** The lease may have been lost while the thread waited for its permit. */
    private <T> T now(Supplier<T> work) {
        requireHeld();
        try {
            RuntimeException failure = away.get();
            if (failure != null) {
                throw failure;
            }
            return work.get();
        } catch (FencedException fenced) {
            // Of one shard: checks of the others go on.
            throw fenced;
        } catch (RuntimeException e) {
            Optional<Outage> outage = Database.outageOf(e);
            if (outage.isPresent() && away.compareAndSet(null, e)) {
                LOG.warn("Checks wait, {}: {}", outage.get().message(), Database.reason(e));
                Thread.ofVirtual().name("database-probe").start(this::probe);
            }
            throw e;
        }
    }

    /**
     * @throws FencedException when this node may not check mailboxes now
     */
    public void requireHeld() {
        if (!held.getAsBoolean()) {
            throw new FencedException();
        }
    }

    public void stop() {
        stopped = true;
    }

    private void probe() {
        while (!stopped) {
            try {
                Thread.sleep(PROBED_EVERY);
                jdbi.useHandle(handle -> Database.requireWritable(handle.getConnection()));
                away.set(null);
                LOG.info("The database takes writes; checks go on");
                return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (SQLException | RuntimeException e) {
                LOG.debug("The database is still away: {}", e.getMessage());
            }
        }
    }
}
