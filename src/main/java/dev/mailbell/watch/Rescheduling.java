package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.schedule.PollingPolicy;
import dev.mailbell.watch.shard.WatchedAccounts;
import java.util.UUID;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Schedules accounts anew that wait: when something has changed that their timers were set by. */
final class Rescheduling {
    private static final Logger LOG = LoggerFactory.getLogger(Rescheduling.class);

    private final WatchedAccounts accounts;
    private final CheckSchedule schedule;
    private final PollingPolicy policy;
    private final IntSupplier nodes;
    private volatile int lastNodes;

    /**
     * @param nodes how many nodes share the limits of mail hosts now
     */
    Rescheduling(
            WatchedAccounts accounts,
            CheckSchedule schedule,
            PollingPolicy policy,
            IntSupplier nodes) {
        this.accounts = accounts;
        this.schedule = schedule;
        this.policy = policy;
        this.nodes = nodes;
        this.lastNodes = nodes.getAsInt();
    }

    /**
     * A mail host answers a client again: its accounts there are due now, at the rate that the
     * limits of the host allow.
     */
    void hostIsBack(UUID client, String host) {
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

    /** The configuration has changed. */
    void reconfigured() {
        for (WatchedAccount watched : accounts.all()) {
            if (watched.account().state() != AccountState.WATCHING) {
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

    /**
     * Nodes may have come or gone: of the sessions that wait for push more may be open than this
     * node's part of what their hosts are allowed.
     */
    void nodesMayHaveChanged() {
        int now = nodes.getAsInt();
        if (now == lastNodes) {
            return;
        }
        lastNodes = now;
        for (WatchedAccount watched : accounts.all()) {
            if (policy.connections(watched.account().mail().host()) != Integer.MAX_VALUE) {
                watched.session().interrupt();
            }
        }
    }
}
