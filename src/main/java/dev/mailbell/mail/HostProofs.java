package dev.mailbell.mail;

import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which proofs failed at which mail hosts. A proof that failed is skipped for a day, then tried
 * again. It is skipped for the account whose check failed, because a single mailbox may be damaged,
 * and for the whole host when a second account's check fails at it within the day. Thread-safe.
 */
public final class HostProofs {
    private static final Logger LOG = LoggerFactory.getLogger(HostProofs.class);

    private final HostMemory<Proof> failures;

    /** The proofs that failed for at least one account of a host. */
    private final HostMemory<Proof> suspicions;

    /** The proofs at which a session of an account was lost. */
    private final HostMemory<Proof> losses;

    public HostProofs() {
        this(System::nanoTime);
    }

    /**
     * @param nanoTime a monotonic clock in nanoseconds
     */
    public HostProofs(LongSupplier nanoTime) {
        this.failures = new HostMemory<>(nanoTime);
        this.suspicions = new HostMemory<>(nanoTime);
        this.losses = new HostMemory<>(nanoTime);
    }

    /** Whether a check of this account may use this proof. */
    public boolean trusts(String host, String account, Proof proof) {
        return trusts(host, proof) && !failures.hasFailed(nameOf(host, account), proof);
    }

    /**
     * Records that the answer to a check of this account was missing, refused, malformed or
     * contradicted another one.
     *
     * @param why what the server answered, for the log; no secret
     */
    public synchronized void failed(String host, String account, Proof proof, String why) {
        if (!trusts(host, account, proof)) {
            return;
        }
        boolean isFirst = suspicions.failed(host, proof);
        failures.failed(nameOf(host, account), proof);
        if (isFirst) {
            LOG.info(
                    "{} {}; checks of this account use a more expensive proof than {} for a day",
                    host,
                    why,
                    proof.wireName());
        } else {
            failed(host, proof, why);
        }
    }

    /** Records that a check of this account got no answer, which may be due to the network. */
    public void unanswered(String host, String account, Proof proof) {
        failures.failed(nameOf(host, account), proof);
    }

    /**
     * Records that the session of a check of this account was lost at a proof. The first loss
     * within a day may be due to the network.
     */
    public void lostAt(String host, String account, Proof proof) {
        if (!losses.failed(nameOf(host, account), proof)) {
            unanswered(host, account, proof);
        }
    }

    private static String nameOf(String host, String account) {
        return host + " " + account;
    }

    /** Whether a check at this host may use this proof. */
    public boolean trusts(String host, Proof proof) {
        return !failures.hasFailed(host, proof);
    }

    /**
     * Records that the host's answer was missing, refused, malformed or contradicted another one,
     * for failures that do not depend on the account. Logged once a day for each host and proof.
     *
     * @param why what the server answered, for the log; no secret
     */
    public void failed(String host, Proof proof, String why) {
        if (failures.failed(host, proof)) {
            LOG.info(
                    "{} {}; checks at this host use a more expensive proof than {} for a day",
                    host,
                    why,
                    proof.wireName());
        }
    }
}
