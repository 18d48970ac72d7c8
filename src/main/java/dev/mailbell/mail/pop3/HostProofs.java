package dev.mailbell.mail.pop3;

import dev.mailbell.mail.HostRungs;
import dev.mailbell.mail.Rung;

/**
 * Which proofs a mail host is known to answer soundly for an account.
 *
 * @param host the host with its port: two servers may share a name
 * @param account the name of the login
 */
record HostProofs(HostRungs rungs, String host, String account) {

    boolean trusts(Rung rung) {
        return rungs.trusts(host, account, rung);
    }

    /**
     * @param why what the server does, as in {@code answered UIDL 3 without its UID}
     */
    void lost(Rung rung, String why) {
        rungs.failed(host, account, rung, why);
    }

    /** The server gave no answer, but was there for another session. */
    void unanswered(Rung rung) {
        rungs.unanswered(host, account, rung);
    }
}
