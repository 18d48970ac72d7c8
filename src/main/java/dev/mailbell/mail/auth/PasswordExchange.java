package dev.mailbell.mail.auth;

import dev.mailbell.mail.MailFailure;
import java.util.Optional;

/** One run of a SASL mechanism that proves a password (RFC 4422). For one thread, used once. */
public interface PasswordExchange {

    /** The mechanism's registered name, for example {@code SCRAM-SHA-256}. */
    String mechanism();

    /** What the client says first; empty where the server speaks first. */
    Optional<byte[]> initialResponse();

    /**
     * The response to a challenge.
     *
     * @param challenge the decoded octets, none for an empty challenge
     * @throws MailFailure when the server's challenge is not one of this mechanism, or proves that
     *     the server does not know the password
     */
    byte[] answer(byte[] challenge);

    /**
     * Whether the server has proven what this mechanism wants proven before an OK may be believed.
     */
    default boolean isComplete() {
        return true;
    }
}
