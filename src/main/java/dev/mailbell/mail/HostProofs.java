package dev.mailbell.mail;

import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * For each mail host the cheapest proof that it is known to answer soundly. A rung that a host
 * failed is skipped for a day, then tried again. A mailbox may be out of order where its host is
 * not: a rung is skipped for the account whose check failed at it, and for the whole host when a
 * second account's check fails at it within the day. Safe for many threads.
 */
public final class HostProofs {
    private static final Logger LOG = LoggerFactory.getLogger(HostProofs.class);

    private final HostMemory<Proof> failures;

    /** What at least one account of a host failed at. */
    private final HostMemory<Proof> suspicions;

    public HostProofs() {
        this(System::nanoTime);
    }

    /**
     * @param nanoTime a monotonic clock in nanoseconds
     */
    public HostProofs(LongSupplier nanoTime) {
        this.failures = new HostMemory<>(nanoTime);
        this.suspicions = new HostMemory<>(nanoTime);
    }

    /** Whether a check of this account may rest on this rung. */
    public boolean trusts(String host, String account, Proof rung) {
        return trusts(host, rung) && !failures.hasFailed(nameOf(host, account), rung);
    }

    /**
     * The answer to a check of this account was missing, refused, malformed or contradicted another
     * one.
     *
     * @param why what the server answered, for the log; no secret
     */
    public synchronized void failed(String host, String account, Proof rung, String why) {
        if (!trusts(host, account, rung)) {
            return;
        }
        boolean isFirst = suspicions.failed(host, rung);
        failures.failed(nameOf(host, account), rung);
        if (isFirst) {
            LOG.info(
                    "{} {}; checks of this account use a dearer proof than {} for a day",
                    host,
                    why,
                    rung.wireName());
        } else {
            failed(host, rung, why);
        }
    }

    /** A check of this account got no answer, which may be due to the network. */
    public void unanswered(String host, String account, Proof rung) {
        failures.failed(nameOf(host, account), rung);
    }

    private static String nameOf(String host, String account) {
        return host + " " + account;
    }

    /** Whether a check at this host may rest on this rung. */
    public boolean trusts(String host, Proof rung) {
        return !failures.hasFailed(host, rung);
    }

    /**
     * The host's answer at this rung was missing, refused, malformed or contradicted another one.
     * One line a day and host says so. For what the host does whichever account asks.
     *
     * @param why what the server answered, for the log; no secret
     */
    public void failed(String host, Proof rung, String why) {
        if (failures.failed(host, rung)) {
            LOG.info(
                    "{} {}; checks at this host use a dearer proof than {} for a day",
                    host,
                    why,
                    rung.wireName());
        }
    }
}
