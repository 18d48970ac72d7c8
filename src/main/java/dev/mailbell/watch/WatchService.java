package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.account.NewAccounts;
import dev.mailbell.cluster.Ownership;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.fairness.KnownClients;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.auth.RefreshTokenStore;
import dev.mailbell.mail.auth.TokenSource;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.CheckAdmission;
import dev.mailbell.watch.host.KeptSessionLimit;
import dev.mailbell.watch.host.MailHostLimiters;
import dev.mailbell.watch.record.ChangeRecorder;
import dev.mailbell.watch.record.CredentialResolver;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.record.HostLog;
import dev.mailbell.watch.record.LastChecked;
import dev.mailbell.watch.record.StoredRefreshTokens;
import dev.mailbell.watch.schedule.PollingPolicy;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds, starts and stops the parts that watch accounts, and does what is due once in 10 s, in a
 * minute and in an hour.
 */
public final class WatchService {
    private static final Logger LOG = LoggerFactory.getLogger(WatchService.class);
    private static final Duration STUCK = Duration.ofMinutes(10);
    private static final Duration LAST_CHECKS = Duration.ofSeconds(10);

    private final RandomGenerator random = RandomGenerator.getDefault();
    private final FirstChecks firstChecks;
    private final LastChecked lastChecked;
    private final HostLog hostLog = new HostLog();
    private final CheckSchedule schedule;
    private final PollingPolicy policy;
    private final CheckAdmission admission;
    private final DatabasePermits database;
    private final MailHostLimiters hosts;
    private final WatchMeters meters;
    private final Sessions sessions;
    private final Scheduler scheduler;
    private final PushLoop push;
    private final WatchedAccounts accounts;
    private final ScheduleAudit audit;
    private final Thread ticks = Thread.ofVirtual().name("watch-ticks").unstarted(this::tick);

    /**
     * What the service is built from.
     *
     * @param databasePlaces how many checks may use the database at once
     * @param ownership the shards whose accounts this node watches
     * @param tokens makes the source of access tokens, given the store of renewed refresh tokens
     * @param nanoTime the monotonic clock that checks are timed by
     */
    public record Parts(
            Jdbi jdbi,
            int databasePlaces,
            Ownership ownership,
            MailServers servers,
            LoginSecrets secrets,
            OAuthApps apps,
            Function<RefreshTokenStore, TokenSource> tokens,
            Outbox outbox,
            PollingPolicy policy,
            MeterRegistry meters,
            InstantSource clock,
            LongSupplier nanoTime) {}

    public WatchService(Parts parts) {
        AccountStore table = new AccountStore(parts.jdbi);
        AccountStateTable states = new AccountStateTable(parts.jdbi);
        KnownClients known = new KnownClients();
        this.lastChecked = new LastChecked(states);
        this.policy = parts.policy;
        this.firstChecks = new FirstChecks(table, states);
        this.schedule = new CheckSchedule(policy, parts.nanoTime, random);
        this.admission = new CheckAdmission(policy.concurrency(), known, parts.nanoTime);
        this.database =
                new DatabasePermits(parts.jdbi, parts.databasePlaces, parts.ownership::isActive);
        this.hosts = new MailHostLimiters(policy, known, parts.nanoTime);
        this.meters = new WatchMeters(parts.meters, parts.nanoTime);
        TokenSource source =
                parts.tokens.apply(new StoredRefreshTokens(table, parts.secrets, this::renewed));
        CredentialResolver credentials =
                new CredentialResolver(parts.secrets, parts.apps, database, source, policy);
        AccountChecker checker =
                new AccountChecker(
                        parts.servers,
                        credentials,
                        new MailboxStore(parts.jdbi),
                        database,
                        meters,
                        new ChangeRecorder(parts.jdbi, database, parts.outbox, parts.clock));
        this.sessions =
                new Sessions(
                        checker,
                        hosts,
                        policy,
                        new KeptSessionLimit(KeptSessionLimit.descriptors(), known),
                        parts.nanoTime);
        OutcomeRecorder outcomes =
                new OutcomeRecorder(
                        new AccountStateWriter(parts.jdbi, database, parts.outbox, hostLog),
                        hosts,
                        lastChecked,
                        parts.clock,
                        this::hostIsBack);
        CheckExecutor executor =
                new CheckExecutor(
                        schedule,
                        sessions,
                        new SessionChecks(sessions, checker, meters),
                        outcomes,
                        policy,
                        admission,
                        database,
                        meters,
                        parts.nanoTime);
        this.scheduler = new Scheduler(schedule, sessions, executor, admission, database);
        this.push = new PushLoop(schedule, sessions, executor, outcomes, policy, scheduler::goesOn);
        this.accounts =
                new WatchedAccounts(
                        table,
                        new NewAccounts(parts.jdbi),
                        schedule,
                        new OnDemandChecks(
                                schedule,
                                checker,
                                executor,
                                new LoginProbe(
                                        parts.servers, credentials, hosts, admission, database),
                                database,
                                policy),
                        credentials,
                        known,
                        parts.clock,
                        parts.nanoTime);
        this.audit = new ScheduleAudit(schedule);
        meters.show(hosts, sessions, schedule, admission);
    }

    private void renewed(Account account) {
        accounts.renewed(account);
    }

    public Watch watch() {
        return accounts;
    }

    /** Reads all accounts and begins to check them. */
    public void start() {
        long count = firstChecks.schedule(accounts);
        accounts.started();
        LOG.info("Watching {} {}", count, count == 1 ? "account" : "accounts");
        scheduler.start(push);
        ticks.start();
    }

    /**
     * A mail host answers a client again: its accounts there are due now, at the rate that the
     * limits of the host allow.
     */
    private void hostIsBack(UUID client, String host) {
        LOG.info("{} answers again", host);
        for (WatchedAccount watched : accounts.all()) {
            Account account = watched.account();
            if (account.clientId().equals(client)
                    && account.mail().host().equalsIgnoreCase(host)
                    && account.state() == AccountState.RETRYING
                    && account.failure() != null
                    && wasAway(account.failure().code())) {
                schedule.wantedIfScheduled(watched);
            }
        }
    }

    /** Not where the server asked for a pause: that is kept. */
    private static boolean wasAway(FailureCode code) {
        return code == FailureCode.CONNECT_FAILED
                || code == FailureCode.TIMEOUT
                || code == FailureCode.TLS_FAILED;
    }

    /** The configuration has changed: accounts that wait are scheduled anew. */
    public void reconfigured() {
        admission.resize(policy.concurrency());
        for (WatchedAccount watched : accounts.all()) {
            Account account = watched.account();
            if (account.state() != AccountState.WATCHING) {
                continue;
            }
            if (watched.status().pushing()) {
                // The thread that waits for push decides by itself whether it may go on.
                watched.session().interrupt();
                continue;
            }
            schedule.reconfigured(watched);
        }
    }

    /** What keeps this node from seeing mail; empty while it sees. */
    public List<String> trouble() {
        Duration stuck = schedule.status().stuck();
        return stuck.compareTo(STUCK) > 0
                ? List.of(
                        "checks have been due for "
                                + stuck.toMinutes()
                                + " minutes and do not begin")
                : meters.trouble();
    }

    private void tick() {
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
        if (tick % 6 == 0) {
            hostLog.minute();
            audit.round(accounts.all());
        }
        if (tick % 360 == 0) {
            flush();
            hosts.forgetUnused();
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
     * Begins no more checks, lets those under way end, logs out of every server, all at once and
     * within 10 s, and writes when accounts were last checked.
     */
    public void stop() throws InterruptedException {
        scheduler.stop();
        database.stop();
        ticks.interrupt();
        for (WatchedAccount watched : accounts.all()) {
            if (watched.session().open() != null) {
                Thread.ofVirtual().name("goodbye").start(watched.session()::end);
            }
        }
        long deadline = System.nanoTime() + LAST_CHECKS.toNanos();
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
