package dev.mailbell.watch;

import dev.mailbell.network.Deadline;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.check.CheckMeters;
import dev.mailbell.watch.host.MailHostLimiters;
import dev.mailbell.watch.record.HostLog;
import dev.mailbell.watch.record.LastChecked;
import dev.mailbell.watch.shard.WatchedAccounts;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does what is due once in 10 s, in a minute and in an hour. */
final class WatchTicks {
    private static final Logger LOG = LoggerFactory.getLogger(WatchTicks.class);

    private final WatchedAccounts accounts;
    private final CheckSchedule schedule;
    private final MailHostLimiters hosts;
    private final CheckMeters meters;
    private final Rescheduling rescheduling;
    private final HostLog hostLog;
    private final LastChecked lastChecked;
    private final ScheduleAudit audit;
    private final StaleAccounts stale;
    private final Thread thread = Thread.ofVirtual().name("watch-ticks").unstarted(this::run);

    WatchTicks(
            WatchedAccounts accounts,
            CheckSchedule schedule,
            MailHostLimiters hosts,
            CheckMeters meters,
            Rescheduling rescheduling,
            HostLog hostLog,
            LastChecked lastChecked,
            StaleAccounts stale) {
        this.accounts = accounts;
        this.schedule = schedule;
        this.hosts = hosts;
        this.meters = meters;
        this.rescheduling = rescheduling;
        this.hostLog = hostLog;
        this.lastChecked = lastChecked;
        this.audit = new ScheduleAudit(schedule);
        this.stale = stale;
    }

    void start() {
        thread.start();
    }

    void stop() {
        thread.interrupt();
    }

    private void run() {
        try {
            for (long tick = 1; ; tick++) {
                TimeUnit.SECONDS.sleep(10);
                try {
                    tick(tick);
                } catch (RuntimeException e) {
                    LOG.error("A tick of the watch failed; the next one follows in 10 s", e);
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("No more ticks");
        }
    }

    private void tick(long tick) {
        meters.refresh(hosts.status());
        schedule.forgetOver();
        rescheduling.nodesMayHaveChanged();
        if (tick % 6 == 0) {
            meters.count(accounts.all());
            hostLog.minute();
            audit.round(accounts.all());
            stale.round(accounts.all());
        }
        if (tick % 360 == 0) {
            flush();
            hosts.forgetUnused();
        }
    }

    /** Writes when accounts were last checked. */
    void flush() {
        written(lastChecked::flush);
    }

    /**
     * Writes when accounts of these shards were last checked.
     *
     * @return reaches zero when that is written
     */
    CountDownLatch flush(Set<Integer> shards) {
        CountDownLatch done = new CountDownLatch(1);
        // Not interrupted at the deadline, which would close a connection of the pool.
        Thread.ofVirtual()
                .name("last-checked")
                .start(() -> {
                    try {
                        written(() -> lastChecked.flush(shards));
                    } finally {
                        done.countDown();
                    }
                });
        return done;
    }

    /** Waits until something is written, or until the deadline. */
    void await(CountDownLatch done, Deadline deadline) throws InterruptedException {
        if (!done.await(deadline.remainingNanos(), TimeUnit.NANOSECONDS)) {
            LOG.debug("The database is slow to write when accounts were last checked");
        }
    }

    private static void written(Runnable flush) {
        try {
            flush.run();
        } catch (RuntimeException e) {
            LOG.warn("When accounts were last checked cannot be written now: {}", e.getMessage());
        }
    }
}
