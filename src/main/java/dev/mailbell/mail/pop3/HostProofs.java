package dev.mailbell.mail.pop3;

import dev.mailbell.mail.HostRungs;
import dev.mailbell.mail.Rung;

/**
 * Which proofs a mail host is known to answer soundly.
 *
 * @param host as the account has it
 */
record HostProofs(HostRungs rungs, String host) {

    boolean trusts(Rung rung) {
        return rungs.trusts(host, rung);
    }

    /**
     * @param why what the server does, as in {@code answered UIDL 3 without its UID}
     */
    void lost(Rung rung, String why) {
        rungs.failed(host, rung, why);
    }
}
