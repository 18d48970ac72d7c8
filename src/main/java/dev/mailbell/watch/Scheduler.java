package dev.mailbell.watch;

import dev.mailbell.database.Database;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.admission.AdmissionRequest;
import dev.mailbell.watch.admission.CheckAdmission;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.CheckPermit;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.host.ConnectionPermit;
import dev.mailbell.watch.host.ConnectionRequest;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.schedule.Backoff;
import dev.mailbell.watch.schedule.TimerQueue;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins looks when they are due: with a session that is open, else when the mail host's limits
 * allow a connection, and when there is a place. One virtual thread for each look or waiting for
 * push; an account that only waits is a line of the timetable.
 */
final class Scheduler {
    private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);

    /**
     * Looks that are due while the database is away are asked for again, each once in this time.
     */
    private static final Duration WHILE_AWAY = Duration.ofSeconds(2);

    private final TimerQueue<WatchedAccount> timetable;
    private final Sessions sessions;
    private final CheckExecutor looks;
    private final CheckAdmission admission;
    private final DueChecks dueChecks;
    private final DatabasePermits database;
    private final RandomGenerator random;
    private final Thread thread = Thread.ofVirtual().name("looks").unstarted(this::run);
    private volatile boolean stopping;
    private volatile @Nullable PushLoop push;

    Scheduler(
            TimerQueue<WatchedAccount> timetable,
            Sessions sessions,
            CheckExecutor looks,
            CheckAdmission admission,
            DueChecks dueChecks,
            DatabasePermits database,
            RandomGenerator random) {
        this.timetable = timetable;
        this.sessions = sessions;
        this.looks = looks;
        this.admission = admission;
        this.dueChecks = dueChecks;
        this.database = database;
        this.random = random;
    }

    void start(PushLoop loop) {
        push = loop;
        thread.start();
    }

    /** Begins no more looks; those under way go on. */
    void stop() {
        stopping = true;
        admission.stop();
        thread.interrupt();
    }

    /** Whether looks may be begun now. */
    boolean goesOn() {
        return !stopping && database.isOpen();
    }

    private void run() {
        try {
            while (true) {
                WatchedAccount due = timetable.take();
                begin(due);
            }
        } catch (InterruptedException stopped) {
            LOG.debug("No more looks are begun");
        }
    }

    /** Whatever goes wrong here, the account keeps its place in the timetable. */
    private void begin(WatchedAccount due) {
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
    private void due(WatchedAccount watch) {
        if (watch.hasEnded() || stopping) {
            return;
        }
        if (!database.isOpen()) {
            dueChecks.postpone(
                    watch,
                    timetable.wasDue(watch.slot()),
                    Backoff.jittered(WHILE_AWAY, 0.5, random).toNanos());
            return;
        }
        dueChecks.due(watch);
        if (watch.isPushing()) {
            watch.interrupt();
        } else if (watch.open() != null) {
            admit(watch, null);
        } else {
            ConnectionRequest turn = new ConnectionRequest(permit -> admit(watch, permit));
            sessions.hostOf(watch).submit(watch.due().waitFor(turn));
        }
    }

    /**
     * Lets the look wait for a place; meanwhile it holds neither a thread nor the account's lock.
     */
    private void admit(WatchedAccount watch, @Nullable ConnectionPermit permit) {
        AdmissionRequest.Answer answer =
                new AdmissionRequest.Answer() {
                    @Override
                    public void granted(CheckPermit place) {
                        Thread.ofVirtual().name("look").start(() -> look(watch, permit, place));
                    }

                    @Override
                    public void refused(RuntimeException why) {
                        cancelled();
                        if (why instanceof MailFailure failure) {
                            Thread.ofVirtual()
                                    .name("look")
                                    .start(() ->
                                            whileLocked(
                                                    watch, () -> looks.refused(watch, failure)));
                        }
                    }

                    @Override
                    public void cancelled() {
                        if (permit != null) {
                            permit.release();
                        }
                    }
                };
        admission.submit(
                watch.due()
                        .waitFor(
                                admission.request(
                                        CheckKind.SCHEDULED,
                                        watch.server(),
                                        watch.isRetrying(),
                                        answer)));
    }

    private void look(WatchedAccount watch, @Nullable ConnectionPermit permit, CheckPermit place) {
        try (place) {
            if (watch.looking().tryLock()) {
                watch.grant(permit);
                locked(
                        watch,
                        () -> {
                            looks.lookAtAll(watch, place);
                            pushed(watch);
                        });
                return;
            }
        }
        if (permit != null) {
            permit.release();
        }
        // What holds the lock may take long: no place is taken up meanwhile.
        whileLocked(watch, () -> dueAgain(watch));
    }

    private void pushed(WatchedAccount watch) {
        PushLoop loop = push;
        if (loop != null) {
            loop.run(watch);
        }
    }

    /** Another look may have been made meanwhile, which then saw to the next one. */
    private void dueAgain(WatchedAccount watch) {
        if (watch.isLookWanted()) {
            timetable.schedule(watch.slot(), 0);
        }
    }

    private void whileLocked(WatchedAccount watch, Runnable step) {
        watch.looking().lock();
        locked(watch, step);
    }

    /** Takes the step unless the account has ended; gives the lock back. */
    private void locked(WatchedAccount watch, Runnable step) {
        try {
            if (!watch.hasEnded() && !stopping) {
                step.run();
            }
        } catch (MailFailure failure) {
            LOG.debug("Account {}: {}", watch.account().id(), failure.reason());
        } catch (NotWatchedException | CheckExecutor.StaleSessionException e) {
            LOG.debug("Account {}: {}", watch.account().id(), e.getMessage());
        } catch (RuntimeException e) {
            notRecorded(watch, e);
        } finally {
            ConnectionPermit unused = watch.takePermit();
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
    private static void notRecorded(WatchedAccount watch, RuntimeException e) {
        if (Database.isAway(e)) {
            return;
        }
        int times = watch.rhythm().ownFaults();
        if (times <= 1) {
            LOG.warn(
                    "Account {}: a look was not recorded and is made again",
                    watch.account().id(),
                    e);
        } else {
            LOG.warn(
                    "Account {}: a look was not recorded for the {}th time in a row and is made"
                            + " again later: {}",
                    watch.account().id(),
                    times,
                    e.toString());
        }
    }
}
