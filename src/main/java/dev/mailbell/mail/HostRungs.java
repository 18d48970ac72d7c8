package dev.mailbell.mail;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * For each mail host the cheapest proof that it is known to answer soundly. A rung that a host
 * failed is skipped for a day, then tried again. Safe for many threads.
 */
public final class HostRungs {
    private static final Logger LOG = LoggerFactory.getLogger(HostRungs.class);

    /** Hosts remembered at most; the host that failed longest ago is forgotten first. */
    static final int MOST = 10_000;

    static final Duration REMEMBERED = Duration.ofDays(1);

    private final LongSupplier nanoTime;
    private final Map<Key, Long> failedAt = new LinkedHashMap<>();

    private record Key(String host, Rung rung) {}

    public HostRungs() {
        this(System::nanoTime);
    }

    /**
     * @param nanoTime a monotonic clock in nanoseconds
     */
    public HostRungs(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Whether a check at this host may rest on this rung. */
    public synchronized boolean trusts(String host, Rung rung) {
        Long failed = failedAt.get(key(host, rung));
        return failed == null || nanoTime.getAsLong() - failed >= REMEMBERED.toNanos();
    }

    /**
     * The host's answer at this rung was missing, refused, malformed or contradicted another one.
     * One line a day and host says so.
     *
     * @param why what the server answered, for the log; no secret
     */
    public void failed(String host, Rung rung, String why) {
        boolean news;
        synchronized (this) {
            news = trusts(host, rung);
            if (news) {
                Key key = key(host, rung);
                failedAt.remove(key);
                failedAt.put(key, nanoTime.getAsLong());
                if (failedAt.size() > MOST) {
                    failedAt.remove(failedAt.keySet().iterator().next());
                }
            }
        }
        if (news) {
            LOG.info(
                    "{} {}; checks at this host use a dearer proof than {} for a day",
                    host,
                    why,
                    rung.wireName());
        }
    }

    private static Key key(String host, Rung rung) {
        return new Key(host.toLowerCase(Locale.ROOT), rung);
    }
}
