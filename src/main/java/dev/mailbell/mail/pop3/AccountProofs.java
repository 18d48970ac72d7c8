package dev.mailbell.mail.pop3;

import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.Proof;

/**
 * Which proofs failed for an account at its mail host.
 *
 * @param host the host with its port, because two servers may share a name
 * @param account the name of the login
 */
record AccountProofs(HostProofs hostProofs, String host, String account) {

    boolean trusts(Proof proof) {
        return hostProofs.trusts(host, account, proof);
    }

    /**
     * @param why what the server does, as in {@code answered UIDL 3 without its UID}
     */
    void failed(Proof proof, String why) {
        hostProofs.failed(host, account, proof, why);
    }

    /** Records that the server gave no answer, although it answered in another session. */
    void unanswered(Proof proof) {
        hostProofs.unanswered(host, account, proof);
    }
}
