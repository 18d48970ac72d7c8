package dev.mailbell.watch.check;

import dev.mailbell.account.Account;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.PushSession;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.host.ConnectionPermit;
import dev.mailbell.watch.host.KeptSessionLimit;
import dev.mailbell.watch.host.MailHostLimiter;
import dev.mailbell.watch.host.MailHostLimiters;
import dev.mailbell.watch.host.OpenSession;
import dev.mailbell.watch.record.RenewedLogins;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Opens the sessions of accounts, keeps those that may be kept, and counts all that are open. */
public final class MailSessionPool {
    /** Servers log a client out that was silent for 30 minutes (RFC 9051, section 5.4). */
    private static final Duration LONGEST_REST = Duration.ofMinutes(25);

    private final AccountChecker checker;
    private final RenewedLogins renewed;
    private final MailHostLimiters hosts;
    private final PollingPolicy policy;
    private final KeptSessionLimit keptSessions;
    private final LongSupplier nanoTime;
    private final Set<OpenSession> all = ConcurrentHashMap.newKeySet();

    /**
     * @param keptSessions a permit for each session that may be kept; each holds a file descriptor
     */
    public MailSessionPool(
            AccountChecker checker,
            RenewedLogins renewed,
            MailHostLimiters hosts,
            PollingPolicy policy,
            KeptSessionLimit keptSessions,
            LongSupplier nanoTime) {
        this.checker = checker;
        this.renewed = renewed;
        this.hosts = hosts;
        this.policy = policy;
        this.keptSessions = keptSessions;
        this.nanoTime = nanoTime;
    }

    /**
     * The account's session: the one that is open, else a new one, with the permit that was granted
     * to the account or one that it waits for.
     *
     * @throws MailFailure when it cannot be opened
     */
    OpenSession of(WatchedAccount watched, Deadline deadline) {
        OpenSession open = watched.session().open();
        if (open != null && open.isCut()) {
            watched.session().close();
            open = null;
        }
        if (open == null) {
            return open(watched, deadline);
        }
        open.permit().host().rouse(watched.session());
        open.keepable().ifPresent(session -> session.renew(deadline));
        askForPush(watched, open);
        return open;
    }

    private OpenSession open(WatchedAccount watched, Deadline deadline) {
        ConnectionPermit given = watched.session().takeGranted();
        ConnectionPermit permit = given != null ? given : connection(watched, deadline);
        @Nullable MailSession session = null;
        try {
            session = login(watched, deadline);
        } finally {
            if (session == null) {
                permit.release();
            }
        }
        OpenSession fresh = new OpenSession(session, permit, nanoTime, all::remove);
        all.add(fresh);
        watched.session().opened(fresh);
        askForPush(watched, fresh);
        return fresh;
    }

    /** A refused token is tried once more where another node has renewed it meanwhile. */
    private MailSession login(WatchedAccount watched, Deadline deadline) {
        Account account = watched.account();
        try {
            return checker.open(account, deadline);
        } catch (MailFailure failure) {
            Account stored = renewed.after(failure, account).orElseThrow(() -> failure);
            watched.renewed(stored.credential());
            return checker.open(stored, deadline);
        }
    }

    private void askForPush(WatchedAccount watched, OpenSession open) {
        Account account = watched.account();
        if (!open.isPushAsked() && policy.push(account) && !watched.adaptive().wasPushRefused()) {
            open.keepable()
                    .filter(PushSession::offersPush)
                    .ifPresent(push -> {
                        push.push(account.mailboxes());
                        open.pushAsked();
                    });
        }
    }

    /** The failure without the account's secrets, which the mail server may repeat. */
    MailFailure redacted(WatchedAccount watched, MailFailure failure) {
        return checker.redacted(watched, failure);
    }

    /**
     * Waits for a connection to the account's host.
     *
     * @throws MailFailure rate_limited when the deadline passes first
     * @throws dev.mailbell.watch.admission.NotWatchedException when the account ends meanwhile
     */
    ConnectionPermit connection(WatchedAccount watched, Deadline deadline) {
        try {
            return hostOf(watched)
                    .acquire(watched.account().clientId(), deadline, watched::waitsFor);
        } finally {
            watched.waitsNoMore();
        }
    }

    MailHostLimiter hostOf(WatchedAccount watched) {
        return hosts.of(watched.account().mail().host());
    }

    /** After a check: keeps the session until the next one, or logs out. */
    void keepOrClose(WatchedAccount watched, OpenSession session) {
        Optional<PushSession> keepable = session.keepable();
        if (keepable.isPresent()
                && (mayPush(watched, session) || mayRest(watched))
                && session.keep(keptSessions)) {
            keepable.get().renew(Deadline.after(LONGEST_REST.plus(policy.timeout())));
            session.permit().host().rest(watched.account().clientId(), watched.session());
        } else {
            watched.session().close();
        }
    }

    private boolean mayRest(WatchedAccount watched) {
        Account account = watched.account();
        return policy.keepsConnections(account.mail().host())
                && policy.interval(account).compareTo(LONGEST_REST) <= 0;
    }

    /** Whether the account's session is to wait for push, and can. */
    boolean mayPush(WatchedAccount watched, OpenSession session) {
        return policy.push(watched.account())
                && !watched.adaptive().wasPushRefused()
                && session.keepable().filter(PushSession::canPush).isPresent()
                && session.permit().mayPush();
    }

    public int count() {
        return all.size();
    }

    /**
     * Waits until none is open.
     *
     * @param idle whether no check is under way
     * @return false when the time is over first
     */
    public boolean awaitNone(BooleanSupplier idle, Duration time) throws InterruptedException {
        long deadline = System.nanoTime() + time.toNanos();
        while (count() > 0 || !idle.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
        return true;
    }

    /** Closes every connection at once, without a logout. */
    public void cutAll() {
        all.forEach(OpenSession::cut);
    }
}
