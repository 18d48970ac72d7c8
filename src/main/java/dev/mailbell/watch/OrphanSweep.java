package dev.mailbell.watch;

import dev.mailbell.watch.schedule.TimerQueue;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at accounts that nothing would look at any more, which must not happen. One whose look is
 * due and waits for a thread seems so for a moment: forgotten is only who seems so in two rounds
 * with no look in between. For one thread.
 */
final class OrphanSweep {
    private static final Logger LOG = LoggerFactory.getLogger(OrphanSweep.class);

    private final TimerQueue<WatchedAccount> timetable;

    /** Who seemed forgotten in the last round, with the looks begun until then. */
    private Map<WatchedAccount, Integer> suspects = new HashMap<>();

    OrphanSweep(TimerQueue<WatchedAccount> timetable) {
        this.timetable = timetable;
    }

    /** A round, once a minute or so. */
    void round(Collection<WatchedAccount> all) {
        Map<WatchedAccount, Integer> before = suspects;
        suspects = new HashMap<>();
        for (WatchedAccount watch : all) {
            int looks = watch.looksBegun();
            if (!watch.isForgotten() || timetable.dueIn(watch.slot()) != Long.MAX_VALUE) {
                continue;
            }
            if (Integer.valueOf(looks).equals(before.get(watch))) {
                LOG.warn("Account {} had no next look; it is looked at now", watch.account().id());
                timetable.schedule(watch.slot(), 0);
            } else {
                suspects.put(watch, looks);
            }
        }
    }
}
