package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.Failure;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.AccountChecker.Looked;
import dev.mailbell.watch.host.MailHostLimiters;
import dev.mailbell.watch.record.LastChecked;
import dev.mailbell.watch.schedule.Backoff;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where an account stands after a look, and how long it waits for the next. */
final class AccountStateMachine {
    private static final Logger LOG = LoggerFactory.getLogger(AccountStateMachine.class);

    /**
     * Connections that live so briefly so often are a failure, whatever the looks on them found.
     */
    private static final int DROPS = 3;

    private static final Duration RECONNECTED_WITHIN = Duration.ofSeconds(1);

    private final AccountStateWriter states;
    private final MailHostLimiters hosts;
    private final LastChecked lastChecked;
    private final PollingPolicy pace;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final HostIsBack hostIsBack;

    /** Told when a mail host that was away answers again. */
    @FunctionalInterface
    interface HostIsBack {
        void accept(String host);
    }

    AccountStateMachine(
            AccountStateWriter states,
            MailHostLimiters hosts,
            LastChecked lastChecked,
            PollingPolicy pace,
            InstantSource clock,
            RandomGenerator random,
            HostIsBack hostIsBack) {
        this.states = states;
        this.hosts = hosts;
        this.lastChecked = lastChecked;
        this.pace = pace;
        this.clock = clock;
        this.random = random;
        this.hostIsBack = hostIsBack;
    }

    /** Takes in a look that was recorded; answers when the next one is due. */
    Duration succeeded(WatchedAccount watch, Looked looked) {
        Instant now = now();
        Account before = watch.account();
        looked.loginDelay().ifPresent(watch.rhythm()::askedFor);
        watch.rhythm().looked(looked.foundMail());
        Failure missing =
                looked.missing().isEmpty()
                        ? null
                        : new Failure(
                                FailureCode.MAILBOX_MISSING,
                                "the server has no mailbox " + looked.missing(),
                                before.failure() == null ? now : before.failure().since(),
                                1);
        lastChecked.note(before.id(), now);
        states.save(watch, now, () -> watch.succeeded(now, missing));
        String host = before.mail().host();
        if (hosts.of(host).worked()) {
            hostIsBack.accept(host);
        }
        Duration interval = pace.interval(before, watch.rhythm().tempo());
        return watch.rhythm().noSoonerThan(Backoff.jittered(interval, pace.jitter(), random));
    }

    /** Takes in a look that failed; answers when the next one is due. */
    Duration failed(WatchedAccount watch, MailFailure failure) {
        Account before = watch.account();
        Instant now = now();
        if (failure.code().isOfHost()) {
            hosts.of(before.mail().host()).failed(failure.code());
        }
        states.save(watch, now, () -> watch.failed(failure, now));
        Failure told = watch.account().failure();
        Duration wait = Backoff.after(failure.code(), told == null ? 1 : told.attempts(), random);
        return failure.retryAfter().filter(asked -> asked.compareTo(wait) > 0).orElse(wait);
    }

    /**
     * Takes in that a check failed on a session that waited for push. Where the first check of each
     * session works and the next one fails, a failure never becomes a second one: the wait grows by
     * how many sessions in a row lived only briefly, up to the polling interval.
     *
     * @param age how long the session had lived
     */
    Duration failedPushed(WatchedAccount watch, Duration age, MailFailure failure) {
        int drops = watch.rhythm().lost(age);
        Duration failed = failed(watch, failure);
        if (drops < DROPS) {
            return failed;
        }
        Duration wait = Backoff.after(failure.code(), drops - DROPS + 2, random);
        Duration interval = jitteredBelow(pace.interval(watch.account()));
        Duration bounded = wait.compareTo(interval) < 0 ? wait : interval;
        return failed.compareTo(bounded) > 0 ? failed : bounded;
    }

    /**
     * Takes in that a kept connection was lost, which happens to every connection some day; only
     * where it happens over and over it is a failure. Answers when the next look is due.
     *
     * @param age how long the connection had lived
     */
    Duration lost(WatchedAccount watch, Duration age, MailFailure failure) {
        int drops = watch.rhythm().lost(age);
        if (drops >= DROPS) {
            Duration wait = Backoff.after(failure.code(), drops - DROPS + 1, random);
            Duration failed = failed(watch, failure);
            return failed.compareTo(wait) > 0 ? failed : wait;
        }
        return Backoff.jittered(RECONNECTED_WITHIN.dividedBy(2), 1, random);
    }

    /** The account's server offers push and refuses it. */
    void pushRefused(WatchedAccount watch) {
        if (hosts.of(watch.account().mail().host()).firstToRefusePush()) {
            LOG.info(
                    "{} offers IDLE and does not do it: its accounts are polled (set idle: false in"
                            + " its provider's profile to spare the attempts)",
                    watch.account().mail().host());
        }
    }

    /** A span made shorter by up to the configured jitter, never longer. */
    Duration jitteredBelow(Duration span) {
        double share = pace.jitter() / 2;
        return Duration.ofNanos((long) (span.toNanos() * (1 - 2 * share * random.nextDouble())));
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
