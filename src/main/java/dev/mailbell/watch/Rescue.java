package dev.mailbell.watch;

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
final class Rescue {
    private static final Logger LOG = LoggerFactory.getLogger(Rescue.class);

    private final Timetable<AccountWatch> timetable;

    /** Who seemed forgotten in the last round, with the looks begun until then. */
    private Map<AccountWatch, Integer> suspects = new HashMap<>();

    Rescue(Timetable<AccountWatch> timetable) {
        this.timetable = timetable;
    }

    /** A round, once a minute or so. */
    void round(Collection<AccountWatch> all) {
        Map<AccountWatch, Integer> before = suspects;
        suspects = new HashMap<>();
        for (AccountWatch watch : all) {
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
