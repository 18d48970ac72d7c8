package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.mail.MailServers;
import dev.mailbell.mail.auth.RefreshTokenStore;
import dev.mailbell.mail.auth.TokenSource;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
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
    private static final int PAGE = 1000;

    /** First looks after a start are spread so that no more than this many begin in a second. */
    private static final int FIRST_LOOKS_PER_SECOND = 50;

    private static final Duration FLUSH = Duration.ofMinutes(1);
    private static final Duration LAST_LOOKS = Duration.ofSeconds(10);

    private final Timetable<AccountWatch> timetable = new Timetable<>(System::nanoTime);
    private final RandomGenerator random = RandomGenerator.getDefault();
    private final AccountStore accounts;
    private final LastChecked lastChecked;
    private final Pace pace;
    private final InstantSource clock;
    private final Watcher watcher;
    private final Semaphore concurrency;
    private final int looksAtOnce;
    private final Thread looks = Thread.ofVirtual().name("looks").unstarted(this::lookWhenDue);
    private final Thread flushes =
            Thread.ofVirtual().name("last-checked").unstarted(this::flushNowAndThen);

    /**
     * @param tokens makes the source of access tokens, given where renewed refresh tokens go
     * @param looksAtOnce how many looks may be under way, 1 or more
     */
    public WatchService(
            Jdbi jdbi,
            MailServers servers,
            LoginSecrets secrets,
            Function<RefreshTokenStore, TokenSource> tokens,
            Outbox outbox,
            Pace pace,
            int looksAtOnce,
            InstantSource clock) {
        this.accounts = new AccountStore(jdbi);
        this.lastChecked = new LastChecked(accounts);
        this.pace = pace;
        this.clock = clock;
        this.looksAtOnce = looksAtOnce;
        this.concurrency = new Semaphore(looksAtOnce);
        TokenSource source = tokens.apply(new StoredGrants(accounts, secrets, this::renewed));
        Logins logins = new Logins(secrets, source);
        Looker looker =
                new Looker(
                        servers, logins, new MailboxStore(jdbi), new Recorder(jdbi, outbox, clock));
        this.watcher =
                new Watcher(
                        timetable,
                        looker,
                        new Trial(servers, logins),
                        logins,
                        new Standing(accounts, lastChecked, pace, clock, random),
                        pace,
                        concurrency,
                        clock);
    }

    private void renewed(Account account) {
        watcher.renewed(account);
    }

    public Watch watch() {
        return watcher;
    }

    /** Reads all accounts and begins to look. */
    public void start() {
        long count = 0;
        UUID last = null;
        for (List<Account> page = accounts.page(last, PAGE);
                !page.isEmpty();
                page = accounts.page(last, PAGE)) {
            for (Account account : page) {
                if (account.state() != AccountState.PAUSED) {
                    watcher.watch(account, firstWait(account, ++count));
                }
            }
            last = page.getLast().id();
        }
        LOG.info("Watching {} {}", count, count == 1 ? "account" : "accounts");
        looks.start();
        flushes.start();
    }

    /** Whatever came while nobody looked is found soon, yet not all at once. */
    private Duration firstWait(Account account, long position) {
        Duration turn = Duration.ofMillis(position * 1000 / FIRST_LOOKS_PER_SECOND);
        if (account.state() == AccountState.PARKED && account.failure() != null) {
            Duration probe =
                    Backoff.after(account.failure().code(), account.failure().attempts(), random);
            Duration waited = Duration.between(account.failure().since(), clock.instant());
            return probe.compareTo(waited) > 0 ? probe.minus(waited) : turn;
        }
        // Where there are too many for that, each still gets its look within its interval.
        Duration interval = pace.interval(account);
        return turn.compareTo(interval) <= 0
                ? turn
                : Duration.ofNanos((long) (interval.toNanos() * random.nextDouble()));
    }

    private void lookWhenDue() {
        try {
            while (true) {
                AccountWatch due = timetable.take();
                Thread.startVirtualThread(() -> watcher.lookWhenDue(due));
            }
        } catch (InterruptedException stopped) {
            LOG.debug("No more looks are begun");
        }
    }

    private void flushNowAndThen() {
        try {
            while (true) {
                Thread.sleep(FLUSH);
                flush();
            }
        } catch (InterruptedException stopped) {
            LOG.debug("The times of checks are no longer written");
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
     * Begins no more looks, waits at most 10 s for those under way, and writes when accounts were
     * last checked.
     */
    public void stop() throws InterruptedException {
        looks.interrupt();
        flushes.interrupt();
        if (!concurrency.tryAcquire(looksAtOnce, LAST_LOOKS.toMillis(), TimeUnit.MILLISECONDS)) {
            LOG.warn(
                    "Looks were still under way at the end; what they saw is found again at the next start");
        }
        flush();
    }
}
