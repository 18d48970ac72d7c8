package dev.mailbell.watch;

import dev.mailbell.database.Database;
import dev.mailbell.mail.MailFailure;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins looks when they are due: at once with a session that is open, else when the mail host's
 * limits allow a connection. One virtual thread for each look or waiting for push; an account that
 * only waits is a line of the timetable.
 */
final class Scheduler {
    private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);

    /**
     * Looks that are due while the database is away are asked for again, each once in this time.
     */
    private static final Duration WHILE_AWAY = Duration.ofSeconds(2);

    private final Timetable<AccountWatch> timetable;
    private final Sessions sessions;
    private final LookRunner looks;
    private final DatabaseGate database;
    private final RandomGenerator random;
    private final LongSupplier nanoTime;
    private final Thread thread = Thread.ofVirtual().name("looks").unstarted(this::run);
    private volatile boolean stopping;
    private volatile @Nullable PushLoop push;

    Scheduler(
            Timetable<AccountWatch> timetable,
            Sessions sessions,
            LookRunner looks,
            DatabaseGate database,
            RandomGenerator random,
            LongSupplier nanoTime) {
        this.timetable = timetable;
        this.sessions = sessions;
        this.looks = looks;
        this.database = database;
        this.random = random;
        this.nanoTime = nanoTime;
    }

    void start(PushLoop loop) {
        push = loop;
        thread.start();
    }

    /** Begins no more looks; those under way go on. */
    void stop() {
        stopping = true;
        looks.stop();
        thread.interrupt();
    }

    /** Whether looks may be begun now. */
    boolean goesOn() {
        return !stopping && database.isOpen();
    }

    private void run() {
        try {
            while (true) {
                AccountWatch due = timetable.take();
                begin(due);
            }
        } catch (InterruptedException stopped) {
            LOG.debug("No more looks are begun");
        }
    }

    /** Whatever goes wrong here, the account keeps its place in the timetable. */
    private void begin(AccountWatch due) {
        boolean begun = false;
        try {
            Thread.ofVirtual().name("look").start(() -> due(due));
            begun = true;
        } catch (RuntimeException e) {
            LOG.error("A look cannot be begun", e);
        } finally {
            if (!begun) {
                timetable.schedule(due.slot(), WHILE_AWAY.toNanos());
            }
        }
    }

    /** A look is due; never throws. */
    private void due(AccountWatch watch) {
        if (watch.hasEnded() || stopping) {
            return;
        }
        if (!database.isOpen()) {
            timetable.schedule(watch.slot(), Backoff.jittered(WHILE_AWAY, 0.5, random).toNanos());
            return;
        }
        watch.wantLook(nanoTime.getAsLong());
        if (watch.isPushing()) {
            watch.interrupt();
        } else if (watch.open() != null) {
            look(watch, null);
        } else {
            Turn turn =
                    new Turn(permit ->
                            Thread.ofVirtual().name("look").start(() -> look(watch, permit)));
            sessions.hostOf(watch).submit(watch.waitsFor(turn));
        }
    }

    private void look(AccountWatch watch, @Nullable Permit permit) {
        watch.looking().lock();
        try {
            watch.grant(permit);
            if (!watch.hasEnded() && !stopping) {
                looks.lookAtAll(watch, Source.POLL, null);
                PushLoop loop = push;
                if (loop != null) {
                    loop.run(watch);
                }
            }
        } catch (MailFailure failure) {
            LOG.debug("Account {}: {}", watch.account().id(), failure.reason());
        } catch (NotWatchedException | LookRunner.StaleSessionException e) {
            LOG.debug("Account {}: {}", watch.account().id(), e.getMessage());
        } catch (RuntimeException e) {
            notRecorded(watch, e);
        } finally {
            Permit unused = watch.takePermit();
            if (unused != null) {
                unused.release();
            }
            if (watch.hasEnded() || stopping) {
                watch.closeSession();
            }
            watch.looking().unlock();
        }
    }

    /** A database that is away fails every look: its gate tells of that, once. */
    private static void notRecorded(AccountWatch watch, RuntimeException e) {
        if (!Database.isAway(e)) {
            LOG.warn(
                    "Account {}: a look was not recorded and is made again",
                    watch.account().id(),
                    e);
        }
    }
}
