package dev.mailbell.mail.imap;

import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.Proof;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The proofs of one session's checks: which may be used at its host, and which one was used last.
 */
final class ProofLadder {
    private final HostProofs memory;
    private final String host;
    private final String account;
    private final boolean stableUids;
    private @Nullable Proof used;

    /**
     * @param host the host with its port: two servers may share a name
     * @param account the name of the login
     * @param stableUids false for a server that is known for unstable UIDs
     */
    ProofLadder(HostProofs memory, String host, String account, boolean stableUids) {
        this.stableUids = stableUids;
        this.memory = memory;
        this.host = host;
        this.account = account;
    }

    /** Whether checks may use the proofs by UIDs. */
    boolean trustsUids() {
        return stableUids;
    }

    boolean trusts(Proof proof) {
        return memory.trusts(host, account, proof);
    }

    /**
     * Records that a proof failed, so that it is skipped for a day: for the account, or for the
     * host once a second account's check fails at it. A wrong STATUS may hide new mail, so it is
     * skipped for the host at once.
     */
    void failed(Proof proof, String why) {
        if (proof == Proof.STATUS) {
            memory.failed(host, proof, why);
        } else {
            memory.failed(host, account, proof, why);
        }
    }

    /**
     * Records that the connection was lost at a proof. The second time within a day the account
     * skips it for a day. It says nothing of the host.
     */
    void lostAt(Proof proof) {
        memory.lostAt(host, account, proof);
    }

    /** Records the proof that the check used. */
    void restsOn(Proof proof) {
        used = proof;
    }

    /** The proof that the last check used; empty before the first. */
    Optional<Proof> used() {
        return Optional.ofNullable(used);
    }
}
