package dev.mailbell.mail;

import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * For each mail host the cheapest proof that it is known to answer soundly. A rung that a host
 * failed is skipped for a day, then tried again. Safe for many threads.
 */
public final class HostRungs {
    private static final Logger LOG = LoggerFactory.getLogger(HostRungs.class);

    private final HostMemory<Rung> failures;

    public HostRungs() {
        this(System::nanoTime);
    }

    /**
     * @param nanoTime a monotonic clock in nanoseconds
     */
    public HostRungs(LongSupplier nanoTime) {
        this.failures = new HostMemory<>(nanoTime);
    }

    /** Whether a check at this host may rest on this rung. */
    public boolean trusts(String host, Rung rung) {
        return !failures.hasFailed(host, rung);
    }

    /**
     * The host's answer at this rung was missing, refused, malformed or contradicted another one.
     * One line a day and host says so.
     *
     * @param why what the server answered, for the log; no secret
     */
    public void failed(String host, Rung rung, String why) {
        if (failures.failed(host, rung)) {
            LOG.info(
                    "{} {}; checks at this host use a dearer proof than {} for a day",
                    host,
                    why,
                    rung.wireName());
        }
    }
}
