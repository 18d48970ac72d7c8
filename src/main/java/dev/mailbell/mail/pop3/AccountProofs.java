package dev.mailbell.mail.pop3;

import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.Proof;

/**
 * Which proofs a mail host is known to answer soundly for an account.
 *
 * @param host the host with its port: two servers may share a name
 * @param account the name of the login
 */
record AccountProofs(HostProofs rungs, String host, String account) {

    boolean trusts(Proof rung) {
        return rungs.trusts(host, account, rung);
    }

    /**
     * @param why what the server does, as in {@code answered UIDL 3 without its UID}
     */
    void lost(Proof rung, String why) {
        rungs.failed(host, account, rung, why);
    }

    /** The server gave no answer, but was there for another session. */
    void unanswered(Proof rung) {
        rungs.unanswered(host, account, rung);
    }
}
