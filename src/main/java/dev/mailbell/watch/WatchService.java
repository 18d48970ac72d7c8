package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.auth.RefreshTokenStore;
import dev.mailbell.mail.auth.TokenSource;
import dev.mailbell.watch.admission.CheckAdmission;
import dev.mailbell.watch.host.KeptSessionLimit;
import dev.mailbell.watch.host.MailHostLimiters;
import dev.mailbell.watch.record.ChangeRecorder;
import dev.mailbell.watch.record.CredentialResolver;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.record.HostLog;
import dev.mailbell.watch.record.LastChecked;
import dev.mailbell.watch.record.StoredRefreshTokens;
import dev.mailbell.watch.schedule.Backoff;
import dev.mailbell.watch.schedule.PollingPolicy;
import dev.mailbell.watch.schedule.TimerQueue;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watch as a running thing: reads the accounts at the start, looks when they are due, writes
 * down at the end.
 */
public final class WatchService {
    private static final Logger LOG = LoggerFactory.getLogger(WatchService.class);
    private static final Duration STUCK = Duration.ofMinutes(10);
    private static final Duration LAST_LOOKS = Duration.ofSeconds(10);

    private final RandomGenerator random = RandomGenerator.getDefault();
    private final FirstChecks firstLooks;
    private final LastChecked lastChecked;
    private final HostLog hostLog = new HostLog();
    private final TimerQueue<WatchedAccount> timetable;
    private final PollingPolicy pace;
    private final LongSupplier nanoTime;
    private final CheckAdmission admission;
    private final DueChecks due;
    private final DatabasePermits gate;
    private final MailHostLimiters hosts;
    private final WatchMeters meters;
    private final Sessions sessions;
    private final Scheduler scheduler;
    private final PushLoop push;
    private final WatchedAccounts watcher;
    private final OrphanSweep rescue;
    private final Thread ticks = Thread.ofVirtual().name("watch-ticks").unstarted(this::tick);

    /**
     * What the watch stands on.
     *
     * @param databasePlaces how many looks may use the database at once
     * @param held whether this node may check mailboxes now
     * @param tokens makes the source of access tokens, given where renewed refresh tokens go
     * @param nanoTime the monotonic clock that looks are timed by
     */
    public record Parts(
            Jdbi jdbi,
            int databasePlaces,
            BooleanSupplier held,
            MailServers servers,
            LoginSecrets secrets,
            Function<RefreshTokenStore, TokenSource> tokens,
            Outbox outbox,
            PollingPolicy pace,
            MeterRegistry meters,
            InstantSource clock,
            LongSupplier nanoTime) {}

    public WatchService(Parts parts) {
        AccountStore accounts = new AccountStore(parts.jdbi);
        AccountStateTable states = new AccountStateTable(parts.jdbi);
        this.lastChecked = new LastChecked(states);
        this.pace = parts.pace;
        this.firstLooks = new FirstChecks(accounts, states, pace, parts.clock, random);
        this.nanoTime = parts.nanoTime;
        this.timetable = new TimerQueue<>(parts.nanoTime);
        this.admission = new CheckAdmission(pace.concurrency(), parts.nanoTime);
        this.due = new DueChecks(timetable, parts.nanoTime);
        this.gate = new DatabasePermits(parts.jdbi, parts.databasePlaces, parts.held);
        this.hosts = new MailHostLimiters(pace, parts.nanoTime);
        this.meters = new WatchMeters(parts.meters, parts.nanoTime);
        TokenSource source =
                parts.tokens.apply(new StoredRefreshTokens(accounts, parts.secrets, this::renewed));
        CredentialResolver logins = new CredentialResolver(parts.secrets, source, pace);
        AccountChecker looker =
                new AccountChecker(
                        parts.servers,
                        logins,
                        new MailboxStore(parts.jdbi),
                        gate,
                        meters,
                        new ChangeRecorder(parts.jdbi, gate, parts.outbox, parts.clock));
        this.sessions =
                new Sessions(
                        looker,
                        hosts,
                        pace,
                        new KeptSessionLimit(KeptSessionLimit.descriptors()),
                        parts.nanoTime);
        AccountStateMachine standing =
                new AccountStateMachine(
                        new AccountStateWriter(parts.jdbi, gate, parts.outbox, hostLog),
                        hosts,
                        lastChecked,
                        pace,
                        parts.clock,
                        random,
                        this::hostIsBack);
        CheckExecutor looks =
                new CheckExecutor(
                        timetable,
                        sessions,
                        new SessionChecks(sessions, looker, meters),
                        standing,
                        pace,
                        admission,
                        due,
                        gate,
                        meters,
                        parts.nanoTime);
        this.scheduler = new Scheduler(timetable, sessions, looks, admission, due, gate, random);
        this.push = new PushLoop(timetable, sessions, looks, standing, pace, scheduler::goesOn);
        this.watcher =
                new WatchedAccounts(
                        accounts,
                        timetable,
                        new OnDemandChecks(
                                timetable,
                                looker,
                                looks,
                                new LoginProbe(parts.servers, logins, hosts, admission, gate),
                                gate,
                                pace),
                        logins,
                        parts.clock,
                        parts.nanoTime);
        this.rescue = new OrphanSweep(timetable);
        meters.show(hosts.all(), sessions, timetable, admission, due);
    }

    private void renewed(Account account) {
        watcher.renewed(account);
    }

    public Watch watch() {
        return watcher;
    }

    /** Reads all accounts and begins to look. */
    public void start() {
        long count = firstLooks.schedule(watcher);
        watcher.started();
        LOG.info("Watching {} {}", count, count == 1 ? "account" : "accounts");
        scheduler.start(push);
        ticks.start();
    }

    /** A mail host answers again: who waits to try it need wait no longer; its limits pace them. */
    private void hostIsBack(String host) {
        LOG.info("{} answers again", host);
        for (WatchedAccount watch : watcher.all()) {
            Account account = watch.account();
            if (account.mail().host().equalsIgnoreCase(host)
                    && account.state() == AccountState.RETRYING
                    && account.failure() != null
                    && wasAway(account.failure().code())
                    && timetable.dueIn(watch.slot()) != Long.MAX_VALUE) {
                timetable.schedule(watch.slot(), 0);
            }
        }
    }

    /** Not those that a server sent away: they come back when it said. */
    private static boolean wasAway(FailureCode code) {
        return code == FailureCode.CONNECT_FAILED
                || code == FailureCode.TIMEOUT
                || code == FailureCode.TLS_FAILED;
    }

    /** The configuration has changed: accounts that wait are scheduled anew. */
    public void reconfigured() {
        admission.resize(pace.concurrency());
        for (WatchedAccount watch : watcher.all()) {
            Account account = watch.account();
            if (account.state() != AccountState.WATCHING) {
                continue;
            }
            if (watch.isPushing()) {
                // Whoever waits for push finds out by itself whether it may go on.
                watch.interrupt();
                continue;
            }
            long looked = watch.due().sinceEnded(nanoTime.getAsLong());
            long dueIn = timetable.dueIn(watch.slot());
            if (looked < 0 || dueIn == Long.MAX_VALUE) {
                continue;
            }
            Duration interval =
                    watch.rhythm()
                            .noSoonerThan(
                                    Backoff.jittered(
                                            pace.interval(account), pace.jitter(), random));
            timetable.schedule(watch.slot(), Math.max(0, interval.toNanos() - looked));
        }
    }

    /** What keeps this node from seeing mail; empty while it sees. */
    public List<String> trouble() {
        long late = due.stuck();
        return late > STUCK.toNanos()
                ? List.of(
                        "looks have been due for "
                                + late / 60_000_000_000L
                                + " minutes and do not begin")
                : meters.trouble();
    }

    private void tick() {
        try {
            for (long tick = 1; ; tick++) {
                TimeUnit.SECONDS.sleep(10);
                meters.refresh(hosts.all());
                due.forgetOver();
                if (tick % 6 == 0) {
                    hostLog.minute();
                    rescue.round(watcher.all());
                }
                if (tick % 360 == 0) {
                    flush();
                    hosts.forgetUnused();
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("The watch's clock stands still");
        }
    }

    private void flush() {
        try {
            lastChecked.flush();
        } catch (RuntimeException e) {
            LOG.warn("When accounts were last checked cannot be written now: {}", e.getMessage());
        }
    }

    /**
     * Begins no more looks, lets those under way end, says goodbye to every server, all at once and
     * within 10 s, and writes when accounts were last checked.
     */
    public void stop() throws InterruptedException {
        scheduler.stop();
        gate.stop();
        ticks.interrupt();
        for (WatchedAccount watch : watcher.all()) {
            if (watch.open() != null) {
                Thread.ofVirtual().name("goodbye").start(watch::sayGoodbye);
            }
        }
        long deadline = System.nanoTime() + LAST_LOOKS.toNanos();
        while (sessions.count() > 0 || !admission.isIdle()) {
            if (System.nanoTime() - deadline > 0) {
                LOG.warn(
                        "{} sessions with mail servers were still open at the end; what they would have"
                                + " seen is found at the next start",
                        sessions.count());
                sessions.cutAll();
                break;
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
        flush();
    }
}
