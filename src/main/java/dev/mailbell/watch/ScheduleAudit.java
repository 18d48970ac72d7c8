package dev.mailbell.watch;

import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asserts that each account under watch has a timer, a check that waits, or a thread at work. An
 * account whose due check has not reached its thread yet has none of them for a moment: only one
 * that has none in two rounds, with no check begun in between, is reported and is due at once. For
 * one thread.
 */
final class ScheduleAudit {
    private static final Logger LOG = LoggerFactory.getLogger(ScheduleAudit.class);

    private final CheckSchedule schedule;

    /** The accounts without a next check in the last round, and their checks begun until then. */
    private Map<WatchedAccount, Integer> suspects = new HashMap<>();

    ScheduleAudit(CheckSchedule schedule) {
        this.schedule = schedule;
    }

    /**
     * A round, once a minute. Accounts without a next check, each of which is a fault of this
     * program, are due now.
     *
     * @return these accounts
     */
    List<WatchedAccount> round(Collection<WatchedAccount> all) {
        Map<WatchedAccount, Integer> before = suspects;
        suspects = new HashMap<>();
        List<WatchedAccount> lost = new ArrayList<>();
        for (WatchedAccount account : all) {
            int begun = account.due().begun();
            if (!account.needsTimer() || schedule.isScheduled(account)) {
                continue;
            }
            if (Integer.valueOf(begun).equals(before.get(account))) {
                lost.add(account);
            } else {
                suspects.put(account, begun);
            }
        }
        if (!lost.isEmpty()) {
            LOG.error(
                    "{} accounts had no next check, which is a fault of this program: {}",
                    lost.size(),
                    lost.stream().limit(10).map(account -> account.account().id()).toList());
        }
        lost.forEach(schedule::wanted);
        return lost;
    }
}
