package dev.mailbell.client;

import dev.mailbell.account.RemovedAccounts;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Deletes in the background what removed accounts and clients have left. It works for as long as it
 * rests, so that other work of the database goes on, and continues after a restart.
 */
public final class Erasure implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Erasure.class);

    /** After its end a POST that was under way is recorded within this time. */
    private static final Duration RECORDED = Duration.ofSeconds(5);

    private static final Duration PAUSE = Duration.ofSeconds(5);
    private static final Duration MAX_REST = Duration.ofSeconds(5);

    private final RemovedAccounts accounts;
    private final ErasedClients clients;
    private final Consumer<UUID> removing;
    private final BooleanSupplier allowed;
    private final InstantSource clock;
    private final Supplier<Duration> longestPost;
    private final Semaphore wanted = new Semaphore(1);
    private final Thread thread = Thread.ofVirtual().name("erasure").unstarted(this::run);

    /**
     * @param allowed whether this node deletes; of several nodes one does
     * @param removing called with a client before its rows are removed: ends what is in memory
     * @param longestPost the time in which a POST that was under way when an erasure began ends
     */
    public Erasure(
            Jdbi jdbi,
            BooleanSupplier allowed,
            Consumer<UUID> removing,
            Supplier<Duration> longestPost,
            InstantSource clock) {
        this.accounts = new RemovedAccounts(jdbi);
        this.clients = new ErasedClients(jdbi);
        this.allowed = allowed;
        this.removing = removing;
        this.clock = clock;
        this.longestPost = longestPost;
    }

    /** Begins with what an earlier process has left. */
    public void start() {
        thread.start();
    }

    /** There is something to delete. */
    public void wake() {
        if (wanted.availablePermits() == 0) {
            wanted.release();
        }
    }

    private void run() {
        boolean failing = false;
        try {
            while (true) {
                if (wanted.tryAcquire(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
                    wanted.drainPermits();
                }
                try {
                    deleteAll();
                    failing = false;
                } catch (RuntimeException e) {
                    LOG.atLevel(failing ? Level.DEBUG : Level.WARN)
                            .log(
                                    "The rest of removed accounts and clients cannot be deleted now;"
                                            + " it is tried again: {}",
                                    e.getMessage());
                    failing = true;
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("Nothing more is deleted");
        }
    }

    /** Deletes until nothing is left. */
    void deleteAll() throws InterruptedException {
        if (!allowed.getAsBoolean()) {
            return;
        }
        while (rested(accounts::deleteSome)) {
            continue;
        }
        Instant ended = clock.instant().minus(longestPost.get()).minus(RECORDED);
        for (UUID client : clients.begunBefore(ended)) {
            removing.accept(client);
            while (rested(() -> clients.deleteSome(client))) {
                continue;
            }
            LOG.info("No row of client {} is left", client);
        }
    }

    private interface Step {
        boolean run();
    }

    /** Rests for as long as the step took. */
    private static boolean rested(Step step) throws InterruptedException {
        long begun = System.nanoTime();
        boolean more = step.run();
        long rest = Math.min(System.nanoTime() - begun, MAX_REST.toNanos());
        TimeUnit.NANOSECONDS.sleep(rest);
        return more;
    }

    /** Stops after the statement that runs. */
    @Override
    public void close() {
        thread.interrupt();
        try {
            if (thread.isAlive()) {
                thread.join(Duration.ofSeconds(5));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
