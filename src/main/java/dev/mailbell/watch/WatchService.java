package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.account.NewAccounts;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.cluster.ownership.ShardOwner;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.fairness.KnownClients;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.auth.RefreshTokenStore;
import dev.mailbell.mail.auth.TokenSource;
import dev.mailbell.network.Deadline;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.CheckAdmission;
import dev.mailbell.watch.check.AccountChecker;
import dev.mailbell.watch.check.AccountStateWriter;
import dev.mailbell.watch.check.CheckExecutor;
import dev.mailbell.watch.check.CheckMeters;
import dev.mailbell.watch.check.FencedRecorder;
import dev.mailbell.watch.check.MailSessionPool;
import dev.mailbell.watch.check.OutcomeRecorder;
import dev.mailbell.watch.check.PushLoop;
import dev.mailbell.watch.check.Scheduler;
import dev.mailbell.watch.check.SessionChecks;
import dev.mailbell.watch.host.KeptSessionLimit;
import dev.mailbell.watch.host.MailHostLimiters;
import dev.mailbell.watch.record.ChangeRecorder;
import dev.mailbell.watch.record.CredentialResolver;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.record.HostLog;
import dev.mailbell.watch.record.LastChecked;
import dev.mailbell.watch.record.RenewedLogins;
import dev.mailbell.watch.record.StoredRefreshTokens;
import dev.mailbell.watch.schedule.PollingPolicy;
import dev.mailbell.watch.shard.ChangedAccounts;
import dev.mailbell.watch.shard.NewlyRegistered;
import dev.mailbell.watch.shard.ShardLoader;
import dev.mailbell.watch.shard.WatchedAccounts;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Builds, starts and stops the parts that watch the accounts of this node's shards, and does what
 * is due once in 10 s, in a minute and in an hour.
 */
public final class WatchService implements ShardOwner {
    private static final Logger LOG = LoggerFactory.getLogger(WatchService.class);

    /** With at most so many first checks under way this node counts as ready. */
    private static final int FEW = 10;

    private static final Duration LAST_CHECKS = Duration.ofSeconds(10);

    private final RandomGenerator random = RandomGenerator.getDefault();
    private final Ownership ownership;
    private final ShardLoader shards;
    private final LoginProbe loginProbe;
    private final LastChecked lastChecked;
    private final HostLog hostLog = new HostLog();
    private final CheckSchedule schedule;
    private final PollingPolicy policy;
    private final CheckAdmission admission;
    private final DatabasePermits database;
    private final MailHostLimiters hosts;
    private final CheckMeters meters;
    private final MailSessionPool sessions;
    private final Scheduler scheduler;
    private final PushLoop push;
    private final WatchedAccounts accounts;
    private final WatchCommands commands;
    private final Rescheduling rescheduling;
    private final WatchTicks ticks;
    private final WatchStatus status;

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
        this.ownership = parts.ownership;
        this.lastChecked = new LastChecked(states, ownership);
        this.policy = parts.policy;
        MailboxStore mailboxes = new MailboxStore(parts.jdbi);
        this.shards = new ShardLoader(states, mailboxes);
        this.schedule = new CheckSchedule(policy, parts.nanoTime, random);
        this.admission = new CheckAdmission(policy.concurrency(), known, parts.nanoTime);
        this.database = new DatabasePermits(parts.jdbi, parts.databasePlaces, ownership::isActive);
        this.hosts = new MailHostLimiters(policy, known, parts.nanoTime);
        this.meters = new CheckMeters(parts.meters, parts.nanoTime);
        TokenSource source =
                parts.tokens.apply(new StoredRefreshTokens(table, parts.secrets, this::renewed));
        CredentialResolver credentials =
                new CredentialResolver(parts.secrets, parts.apps, database, source, policy);
        AccountChecker checker =
                new AccountChecker(
                        parts.servers,
                        credentials,
                        mailboxes,
                        database,
                        meters,
                        new FencedRecorder(
                                new ChangeRecorder(parts.jdbi, database, parts.outbox, parts.clock),
                                ownership));
        this.sessions =
                new MailSessionPool(
                        checker,
                        new RenewedLogins(table, parts.secrets, database),
                        hosts,
                        policy,
                        new KeptSessionLimit(KeptSessionLimit.descriptors(), known),
                        parts.nanoTime);
        OutcomeRecorder outcomes =
                new OutcomeRecorder(
                        new AccountStateWriter(
                                parts.jdbi, database, ownership, parts.outbox, hostLog),
                        hosts,
                        lastChecked,
                        parts.clock,
                        this::hostIsBack);
        CheckExecutor executor =
                new CheckExecutor(
                        schedule,
                        sessions,
                        new SessionChecks(sessions, checker, meters, ownership),
                        outcomes,
                        policy,
                        admission,
                        database,
                        meters,
                        parts.nanoTime);
        this.scheduler =
                new Scheduler(schedule, sessions, executor, admission, database, ownership);
        this.push = new PushLoop(schedule, sessions, executor, outcomes, policy, scheduler::goesOn);
        this.loginProbe =
                new LoginProbe(parts.servers, credentials, hosts, admission, database, ownership);
        this.accounts =
                new WatchedAccounts(
                        table, shards, schedule, credentials, known, parts.clock, parts.nanoTime);
        OnDemandChecks onDemand =
                new OnDemandChecks(schedule, checker, executor, loginProbe, database, policy);
        this.commands =
                new WatchCommands(
                        accounts,
                        new NewlyRegistered(new NewAccounts(parts.jdbi), shards, accounts),
                        new ChangedAccounts(table, shards, accounts),
                        shards,
                        onDemand,
                        new TracedChecks(onDemand, credentials, parts.clock),
                        schedule,
                        policy,
                        ownership::isActive,
                        parts.clock);
        shards.loadInto(accounts);
        this.rescheduling = new Rescheduling(accounts, schedule, policy, ownership::nodes);
        this.ticks =
                new WatchTicks(
                        accounts,
                        schedule,
                        hosts,
                        meters,
                        rescheduling,
                        hostLog,
                        lastChecked,
                        new StaleAccounts(parts, schedule));
        meters.show(hosts, sessions, schedule, admission);
        this.status = new WatchStatus(accounts, shards, hosts, schedule, meters);
    }

    private void renewed(Account account) {
        accounts.renewed(account);
    }

    public Watch watch() {
        return commands;
    }

    /** Begins without accounts: they come with the shards that this node {@link #acquired}. */
    public void start() {
        scheduler.start(push);
        ticks.start();
    }

    /** Reads the accounts of the shards in the background and begins to check them. */
    @Override
    public void acquired(Set<Integer> taken) {
        // Of shards taken earlier, accounts whose servers hang do not make this node busy.
        accounts.shardsTaken();
        shards.acquired(taken);
        rescheduling.nodesMayHaveChanged();
    }

    @Override
    public void released(Set<Integer> given, Deadline deadline) throws InterruptedException {
        boolean lost = deadline.isPast();
        CountDownLatch earlier = new CountDownLatch(0);
        if (!lost) {
            // Written first while sessions are open; a third of the time, because ending them needs
            // the rest.
            earlier = ticks.flush(given);
            ticks.await(earlier, Deadline.after(deadline.remaining().dividedBy(3)));
        }
        shards.released(given);
        accounts.release(given, deadline);
        if (!lost) {
            ticks.await(earlier, deadline);
            ticks.await(ticks.flush(given), deadline);
        }
        lastChecked.forget(given);
        rescheduling.nodesMayHaveChanged();
    }

    @Override
    public boolean isBusy() {
        return isLoading() || accounts.starting() > FEW;
    }

    /** Cuts all sessions with mail servers. Timers stay; what is due waits for the node. */
    @Override
    public void suspended() {
        accounts.suspend();
        loginProbe.cut();
    }

    private void hostIsBack(UUID client, String host) {
        rescheduling.hostIsBack(client, host);
    }

    /** The configuration has changed: accounts that wait are scheduled anew. */
    public void reconfigured() {
        admission.resize(policy.concurrency());
        rescheduling.reconfigured();
    }

    /** The accounts under watch. */
    Collection<WatchedAccount> accounts() {
        return accounts.all();
    }

    /** Whether accounts of shards that this node took are still to be read. */
    boolean isLoading() {
        return !shards.waiting().isZero();
    }

    /** What is known of the watch of this node. */
    public WatchStatus status() {
        return status;
    }

    /**
     * Begins no more checks, lets those under way end, logs out of every server, all at once and
     * within 10 s, and writes when accounts were last checked.
     */
    public void stop() throws InterruptedException {
        scheduler.stop();
        database.stop();
        shards.stop();
        ticks.stop();
        for (WatchedAccount watched : accounts.all()) {
            if (watched.session().open() != null) {
                Thread.ofVirtual().name("goodbye").start(watched.session()::end);
            }
        }
        if (!sessions.awaitNone(admission::isIdle, LAST_CHECKS)) {
            LOG.warn(
                    "{} sessions with mail servers were still open at the end; what they would have"
                            + " seen is found at the next start",
                    sessions.count());
            accounts.suspend();
            sessions.cutAll();
        }
        ticks.flush();
    }
}
