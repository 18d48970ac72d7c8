package dev.mailbell.mail.imap;

import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.Proof;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The proofs of one session's checks: which its host may be asked for, and which one was used. */
final class ProofLadder {
    private final HostProofs memory;
    private final String host;
    private final String account;
    private final boolean lastingUids;
    private @Nullable Proof used;

    /**
     * @param host the host with its port: two servers may share a name
     * @param account the name of the login
     * @param lastingUids whether the server is not known for UIDs that do not last
     */
    ProofLadder(HostProofs memory, String host, String account, boolean lastingUids) {
        this.lastingUids = lastingUids;
        this.memory = memory;
        this.host = host;
        this.account = account;
    }

    /** Whether checks may begin at the rungs that rest on UIDs. */
    boolean trustsUids() {
        return lastingUids;
    }

    boolean trusts(Proof rung) {
        return memory.trusts(host, account, rung);
    }

    /**
     * The proof is not asked for a day: for the account, or for the host where a second account's
     * check fails at it. STATUS that cannot be trusted may hide mail, so that it concerns the host
     * at once.
     */
    void failed(Proof rung, String why) {
        if (rung == Proof.STATUS) {
            memory.failed(host, rung, why);
        } else {
            memory.failed(host, account, rung, why);
        }
    }

    /** The check rests on this proof. */
    void restsOn(Proof rung) {
        used = rung;
    }

    /** The proof that the last check rests on; empty before the first. */
    Optional<Proof> used() {
        return Optional.ofNullable(used);
    }
}
