package dev.mailbell.mail.imap;

import dev.mailbell.mail.HostRungs;
import dev.mailbell.mail.Rung;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The proofs of one session's checks: which its host may be asked for, and which one was used. */
final class Ladder {
    private final HostRungs memory;
    private final String host;
    private final boolean lastingUids;
    private @Nullable Rung used;

    /**
     * @param host the host with its port: two servers may share a name
     * @param lastingUids whether the server is not known for UIDs that do not last
     */
    Ladder(HostRungs memory, String host, boolean lastingUids) {
        this.lastingUids = lastingUids;
        this.memory = memory;
        this.host = host;
    }

    /** Whether checks may begin at the rungs that rest on UIDs. */
    boolean trustsUids() {
        return lastingUids;
    }

    boolean trusts(Rung rung) {
        return memory.trusts(host, rung);
    }

    /** The host is not asked for this proof for a day. */
    void failed(Rung rung, String why) {
        memory.failed(host, rung, why);
    }

    /** The check rests on this proof. */
    void restsOn(Rung rung) {
        used = rung;
    }

    /** The proof that the last check rests on; empty before the first. */
    Optional<Rung> used() {
        return Optional.ofNullable(used);
    }
}
