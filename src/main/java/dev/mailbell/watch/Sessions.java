package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.PushSession;
import dev.mailbell.network.Deadline;
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

    private final Looker looker;
    private final MailHosts hosts;
    private final Pace pace;
    private final Semaphore keptSessions;
    private final LongSupplier nanoTime;
    private final Set<OpenSession> all = ConcurrentHashMap.newKeySet();

    /**
     * @param keptSessions as many sessions as this node may keep: each holds a file descriptor
     */
    Sessions(
            Looker looker,
            MailHosts hosts,
            Pace pace,
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
    OpenSession of(AccountWatch watch, Deadline deadline) {
        OpenSession open = watch.open();
        if (open == null) {
            return open(watch, deadline);
        }
        open.permit().host().rouse(watch);
        open.keepable().ifPresent(session -> session.renew(deadline));
        askForPush(watch, open);
        return open;
    }

    private OpenSession open(AccountWatch watch, Deadline deadline) {
        Account account = watch.account();
        Permit given = watch.takePermit();
        Permit permit = given != null ? given : hostOf(watch).acquire(deadline);
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

    private void askForPush(AccountWatch watch, OpenSession open) {
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

    MailHost hostOf(AccountWatch watch) {
        return hosts.of(watch.account().mail().host());
    }

    /** After a look: keeps the session until the next one, or says goodbye. */
    void keepOrClose(AccountWatch watch, OpenSession session) {
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

    private boolean mayRest(AccountWatch watch) {
        Account account = watch.account();
        return pace.keepsConnections(account.mail().host())
                && pace.interval(account).compareTo(LONGEST_REST) <= 0;
    }

    /** Whether the account's server is to tell of new mail by itself, and can. */
    boolean mayPush(AccountWatch watch, OpenSession session) {
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
