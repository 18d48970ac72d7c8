package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.PushSession;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.host.ConnectionPermit;
import dev.mailbell.watch.host.MailHostLimiter;
import dev.mailbell.watch.host.MailHostLimiters;
import dev.mailbell.watch.host.OpenSession;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Opens accounts' sessions, keeps those that may be kept, and knows all that are open. */
final class Sessions {
    /** Servers log out who was silent for 30 minutes (RFC 9051, section 5.4). */
    private static final Duration LONGEST_REST = Duration.ofMinutes(25);

    private final AccountChecker looker;
    private final MailHostLimiters hosts;
    private final PollingPolicy pace;
    private final Semaphore keptSessions;
    private final LongSupplier nanoTime;
    private final Set<OpenSession> all = ConcurrentHashMap.newKeySet();

    /**
     * @param keptSessions as many sessions as this node may keep: each holds a file descriptor
     */
    Sessions(
            AccountChecker looker,
            MailHostLimiters hosts,
            PollingPolicy pace,
            Semaphore keptSessions,
            LongSupplier nanoTime) {
        this.looker = looker;
        this.hosts = hosts;
        this.pace = pace;
        this.keptSessions = keptSessions;
        this.nanoTime = nanoTime;
    }

    /**
     * The account's session: the one that is open, else a new one, with the permit that the account
     * was given or one that is waited for.
     *
     * @throws MailFailure when it cannot be had; nothing is open then
     */
    OpenSession of(WatchedAccount watch, Deadline deadline) {
        OpenSession open = watch.open();
        if (open == null) {
            return open(watch, deadline);
        }
        open.permit().host().rouse(watch);
        open.keepable().ifPresent(session -> session.renew(deadline));
        askForPush(watch, open);
        return open;
    }

    private OpenSession open(WatchedAccount watch, Deadline deadline) {
        Account account = watch.account();
        ConnectionPermit given = watch.takePermit();
        ConnectionPermit permit = given != null ? given : hostOf(watch).acquire(deadline);
        @Nullable MailSession session = null;
        try {
            session = looker.open(account, deadline);
        } finally {
            if (session == null) {
                permit.release();
            }
        }
        OpenSession fresh = new OpenSession(session, permit, nanoTime, all::remove);
        all.add(fresh);
        watch.opened(fresh);
        askForPush(watch, fresh);
        return fresh;
    }

    private void askForPush(WatchedAccount watch, OpenSession open) {
        Account account = watch.account();
        if (!open.isPushAsked() && pace.push(account) && !watch.rhythm().wasPushRefused()) {
            open.keepable()
                    .filter(PushSession::offersPush)
                    .ifPresent(push -> {
                        push.push(account.mailboxes());
                        open.pushAsked();
                    });
        }
    }

    MailHostLimiter hostOf(WatchedAccount watch) {
        return hosts.of(watch.account().mail().host());
    }

    /** After a look: keeps the session until the next one, or says goodbye. */
    void keepOrClose(WatchedAccount watch, OpenSession session) {
        Optional<PushSession> keepable = session.keepable();
        if (keepable.isPresent()
                && (mayPush(watch, session) || mayRest(watch))
                && session.keep(keptSessions)) {
            keepable.get().renew(Deadline.after(LONGEST_REST.plus(pace.timeout())));
            session.permit().host().rest(watch);
        } else {
            watch.closeSession();
        }
    }

    private boolean mayRest(WatchedAccount watch) {
        Account account = watch.account();
        return pace.keepsConnections(account.mail().host())
                && pace.interval(account).compareTo(LONGEST_REST) <= 0;
    }

    /** Whether the account's server is to tell of new mail by itself, and can. */
    boolean mayPush(WatchedAccount watch, OpenSession session) {
        return pace.push(watch.account())
                && !watch.rhythm().wasPushRefused()
                && session.keepable().filter(PushSession::canPush).isPresent()
                && session.permit().mayPush();
    }

    int count() {
        return all.size();
    }

    /** Ends every session at once, without a word. */
    void cutAll() {
        all.forEach(OpenSession::cut);
    }
}
