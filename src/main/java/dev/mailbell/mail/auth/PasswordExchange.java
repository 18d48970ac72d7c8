package dev.mailbell.mail.auth;

import dev.mailbell.mail.MailFailure;
import java.util.Optional;

/** One run of a SASL password mechanism (RFC 4422). For one thread, used once. */
public interface PasswordExchange {

    /** The mechanism's registered name, for example {@code SCRAM-SHA-256}. */
    String mechanism();

    /** The initial response of the client; empty if the server sends first. */
    Optional<byte[]> initialResponse();

    /**
     * The response to a challenge.
     *
     * @param challenge the decoded octets, none for an empty challenge
     * @throws MailFailure when the challenge does not belong to this mechanism, or shows that the
     *     server does not know the password
     */
    byte[] answer(byte[] challenge);

    /**
     * Whether the server has sent all proofs that this mechanism requires before an OK is accepted.
     */
    default boolean isComplete() {
        return true;
    }
}
