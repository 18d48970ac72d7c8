package dev.mailbell.mail.imap;

import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.Proof;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The proofs of one session's checks: which may be used at its host, and which one was used last.
 */
final class ProofLadder {
    private static final Duration HOUR = Duration.ofHours(1);

    private final HostProofs memory;
    private final String host;
    private final String account;
    private final boolean stableUids;
    private final InstantSource clock;

    /** When STATUS was asked for each mailbox in this session. */
    private final Map<String, Instant> asked = new HashMap<>(2);

    private @Nullable Proof used;

    /**
     * @param host the host with its port: two servers may share a name
     * @param account the name of the login
     * @param stableUids false for a server that is known for unstable UIDs
     * @param clock the system's clock
     */
    ProofLadder(
            HostProofs memory,
            String host,
            String account,
            boolean stableUids,
            InstantSource clock) {
        this.clock = clock;
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
     * Whether this STATUS is the first one of a mailbox in an hour, so that EXAMINE has to confirm
     * it: a server's cache may hide new mail for ever. The hours of each mailbox begin at another
     * minute.
     *
     * @param lastCheckedAt when the account was checked before; null for never
     */
    boolean isStatusDue(String mailbox, @Nullable Instant lastCheckedAt) {
        Instant now = clock.instant();
        Instant inSession = asked.put(mailbox, now);
        Instant before = inSession == null ? lastCheckedAt : inSession;
        return before != null && hourOf(mailbox, before) < hourOf(mailbox, now);
    }

    private long hourOf(String mailbox, Instant moment) {
        int hash = (host + " " + account + " " + mailbox).hashCode();
        long shift = Math.floorMod(hash, HOUR.toSeconds());
        return Math.floorDiv(moment.getEpochSecond() + shift, HOUR.toSeconds());
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
