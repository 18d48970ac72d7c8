package dev.mailbell.watch.check;

import dev.mailbell.account.Account;
import dev.mailbell.account.Failure;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.check.AccountChecker.CheckResult;
import dev.mailbell.watch.host.MailHostLimiters;
import dev.mailbell.watch.record.LastChecked;
import dev.mailbell.watch.schedule.CheckOutcome;
import dev.mailbell.watch.schedule.NextCheck;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records how checks of an account went: in its status and row, and in the limits of its mail host.
 * The caller holds the account's lock.
 */
public final class OutcomeRecorder {
    private static final Logger LOG = LoggerFactory.getLogger(OutcomeRecorder.class);

    private final AccountStateWriter states;
    private final MailHostLimiters hosts;
    private final LastChecked lastChecked;
    private final InstantSource clock;
    private final HostIsBack hostIsBack;

    /** Called when a mail host that was away answers a client again. */
    @FunctionalInterface
    public interface HostIsBack {
        void accept(UUID client, String host);
    }

    public OutcomeRecorder(
            AccountStateWriter states,
            MailHostLimiters hosts,
            LastChecked lastChecked,
            InstantSource clock,
            HostIsBack hostIsBack) {
        this.states = states;
        this.hosts = hosts;
        this.lastChecked = lastChecked;
        this.clock = clock;
        this.hostIsBack = hostIsBack;
    }

    /** A check has succeeded, and what it found is recorded. */
    void succeeded(WatchedAccount watched, CheckResult result) {
        Instant now = now();
        Account before = watched.account();
        result.loginDelay().ifPresent(watched.adaptive()::askedFor);
        watched.adaptive().checked(result.foundMail());
        Failure missing =
                result.missing().isEmpty()
                        ? null
                        : new Failure(
                                FailureCode.MAILBOX_MISSING,
                                "the server has no mailbox " + result.missing(),
                                before.failure() == null ? now : before.failure().since(),
                                1);
        lastChecked.note(before.id(), now);
        states.save(watched, now, () -> watched.succeeded(now, missing));
        String host = before.mail().host();
        if (hosts.of(host).worked(before.clientId())) {
            hostIsBack.accept(before.clientId(), host);
        }
        CheckHistories.succeeded(watched, result, missing, now);
    }

    /** A check has failed. */
    CheckOutcome failed(WatchedAccount watched, MailFailure failure) {
        recordFailure(watched, failure);
        return new CheckOutcome.Failed(failure);
    }

    private void recordFailure(WatchedAccount watched, MailFailure failure) {
        Instant now = now();
        if (failure.isOfHost()) {
            Account account = watched.account();
            hosts.of(account.mail().host()).failed(account.clientId(), failure.code());
        }
        states.save(watched, now, () -> watched.failed(failure, now));
        CheckHistories.failed(watched, failure, now);
    }

    /**
     * A check has failed on a session that had waited for push.
     *
     * @param age how long the session had lived
     */
    CheckOutcome failedPushed(WatchedAccount watched, Duration age, MailFailure failure) {
        watched.adaptive().lost(age);
        recordFailure(watched, failure);
        return new CheckOutcome.FailedPushed(failure);
    }

    /**
     * A kept connection was lost during a check. Only where it happens over and over it is a
     * failure.
     *
     * @param age how long the connection had lived
     */
    CheckOutcome lost(WatchedAccount watched, Duration age, MailFailure failure) {
        recordLoss(watched, age, failure);
        return new CheckOutcome.ConnectionLost(failure);
    }

    /** The same while it waited for push; a server that asks for a pause makes it a failure. */
    CheckOutcome pushLost(WatchedAccount watched, Duration age, MailFailure failure) {
        if (NextCheck.asksToWait(failure)) {
            recordFailure(watched, failure);
        } else {
            recordLoss(watched, age, failure);
        }
        return new CheckOutcome.PushLost(failure);
    }

    private void recordLoss(WatchedAccount watched, Duration age, MailFailure failure) {
        if (watched.adaptive().lost(age) >= NextCheck.DROPS) {
            recordFailure(watched, failure);
        } else {
            CheckHistories.connectionLost(watched, failure, now());
        }
    }

    /** The account's server offers push and refuses it: it is not asked again for a day. */
    void pushRefused(WatchedAccount watched) {
        watched.adaptive().pushRefused();
        if (hosts.of(watched.account().mail().host()).firstToRefusePush()) {
            LOG.info(
                    "{} offers IDLE and does not do it: its accounts are polled (set idle: false in"
                            + " its provider's profile to spare the attempts)",
                    watched.account().mail().host());
        }
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
