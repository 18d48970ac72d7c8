package dev.mailbell.watch.check;

import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.database.Database;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.AdmissionRequest;
import dev.mailbell.watch.admission.CheckAdmission;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.CheckPermit;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.host.ConnectionPermit;
import dev.mailbell.watch.host.ConnectionRequest;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.schedule.CheckOutcome.Signal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins checks when they are due: with the session that is open, else when the limits of the mail
 * host allow a connection, and when a permit is free. One virtual thread for each check or wait for
 * push; an account that only waits for its next check is an entry of the timer queue.
 */
public final class Scheduler {
    private static final Logger LOG = LoggerFactory.getLogger(Scheduler.class);

    private final CheckSchedule schedule;
    private final MailSessionPool sessions;
    private final CheckExecutor executor;
    private final CheckAdmission admission;
    private final DatabasePermits database;
    private final Ownership ownership;
    private final Thread thread = Thread.ofVirtual().name("checks").unstarted(this::run);
    private volatile boolean stopping;
    private volatile @Nullable PushLoop push;

    public Scheduler(
            CheckSchedule schedule,
            MailSessionPool sessions,
            CheckExecutor executor,
            CheckAdmission admission,
            DatabasePermits database,
            Ownership ownership) {
        this.ownership = ownership;
        this.schedule = schedule;
        this.sessions = sessions;
        this.executor = executor;
        this.admission = admission;
        this.database = database;
    }

    public void start(PushLoop loop) {
        push = loop;
        thread.start();
    }

    /** Begins no more checks; those under way go on. */
    public void stop() {
        stopping = true;
        admission.stop();
        thread.interrupt();
    }

    /** Whether checks may begin now. */
    public boolean goesOn() {
        return !stopping && database.isOpen();
    }

    private void run() {
        try {
            while (true) {
                WatchedAccount due = schedule.take();
                begin(due);
            }
        } catch (InterruptedException stopped) {
            LOG.debug("No more checks begin");
        }
    }

    /** Whatever fails here, the account gets a timer again. */
    private void begin(WatchedAccount due) {
        boolean begun = false;
        try {
            Thread.ofVirtual().name("check").start(() -> due(due));
            begun = true;
        } catch (RuntimeException e) {
            LOG.error("A check cannot begin", e);
        } finally {
            if (!begun) {
                schedule.happened(due, Signal.NOT_BEGUN);
            }
        }
    }

    /** A check is due; never throws. */
    private void due(WatchedAccount watched) {
        if (watched.hasEnded() || stopping) {
            return;
        }
        try {
            waitForPermits(watched);
        } catch (RuntimeException e) {
            LOG.error("A check cannot begin", e);
            schedule.happened(watched, Signal.NOT_BEGUN);
        }
    }

    /** The check waits for a connection, where it needs one, and then for its permit. */
    private void waitForPermits(WatchedAccount watched) {
        if (!database.isOpen() || !ownership.mayBegin(watched.account().shard())) {
            schedule.databaseAway(watched);
            return;
        }
        schedule.due(watched);
        if (watched.status().pushing()) {
            watched.session().interrupt();
        } else if (watched.session().open() != null) {
            admit(watched, null);
        } else {
            ConnectionRequest request =
                    new ConnectionRequest(
                            watched.account().clientId(), connection -> admit(watched, connection));
            sessions.hostOf(watched).submit(watched.due().waitFor(request));
        }
    }

    /**
     * Lets the check wait for a permit; meanwhile it holds neither a thread nor the account's lock.
     */
    private void admit(WatchedAccount watched, @Nullable ConnectionPermit connection) {
        AdmissionRequest.Answer answer =
                new AdmissionRequest.Answer() {
                    @Override
                    public void granted(CheckPermit permit) {
                        Thread.ofVirtual()
                                .name("check")
                                .start(() -> check(watched, connection, permit));
                    }

                    @Override
                    public void refused(RuntimeException why) {
                        cancelled();
                        if (why instanceof MailFailure failure) {
                            Thread.ofVirtual()
                                    .name("check")
                                    .start(() ->
                                            whileLocked(
                                                    watched,
                                                    () -> executor.refused(watched, failure)));
                        }
                    }

                    @Override
                    public void cancelled() {
                        if (connection != null) {
                            connection.release();
                        }
                    }
                };
        admission.submit(
                watched.due()
                        .waitFor(
                                admission.request(
                                        CheckKind.SCHEDULED,
                                        watched.server(),
                                        watched.status().isRetrying(),
                                        answer)));
    }

    private void check(
            WatchedAccount watched, @Nullable ConnectionPermit connection, CheckPermit permit) {
        try (permit) {
            if (watched.session().lock().tryLock()) {
                watched.session().grant(connection);
                locked(
                        watched,
                        () -> {
                            executor.checkDue(watched, permit);
                            pushed(watched);
                        });
                return;
            }
        }
        if (connection != null) {
            connection.release();
        }
        // The holder of the lock may take long: no permit is held meanwhile.
        whileLocked(watched, () -> dueAgain(watched));
    }

    private void pushed(WatchedAccount watched) {
        PushLoop loop = push;
        if (loop != null) {
            loop.run(watched);
        }
    }

    /** Another check may have been made meanwhile, which has set the timer. */
    private void dueAgain(WatchedAccount watched) {
        if (watched.due().isWanted()) {
            schedule.wanted(watched);
        }
    }

    private void whileLocked(WatchedAccount watched, Runnable step) {
        watched.session().lock().lock();
        locked(watched, step);
    }

    /** Takes the step unless the account has ended; releases the lock. */
    private void locked(WatchedAccount watched, Runnable step) {
        try {
            if (!watched.hasEnded() && !stopping) {
                step.run();
            }
        } catch (MailFailure failure) {
            LOG.debug("Account {}: {}", watched.account().id(), failure.reason());
        } catch (NotWatchedException | StaleSessionException e) {
            LOG.debug("Account {}: {}", watched.account().id(), e.getMessage());
        } catch (RuntimeException e) {
            notRecorded(watched, e);
        } finally {
            watched.session().releaseGranted();
            if (watched.hasEnded() || stopping) {
                watched.session().close();
            }
            watched.session().lock().unlock();
        }
    }

    /** A database that is away fails every check; {@link DatabasePermits} logs that once. */
    private static void notRecorded(WatchedAccount watched, RuntimeException e) {
        if (Database.isAway(e)) {
            return;
        }
        int times = watched.adaptive().ownFaults();
        if (times <= 1) {
            LOG.warn(
                    "Account {}: a check was not recorded and is made again",
                    watched.account().id(),
                    e);
        } else {
            LOG.warn(
                    "Account {}: a check was not recorded for the {}th time in a row and is made"
                            + " again later: {}",
                    watched.account().id(),
                    times,
                    e.toString());
        }
    }
}
