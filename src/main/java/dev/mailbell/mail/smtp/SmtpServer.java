package dev.mailbell.mail.smtp;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.Security;
import org.jspecify.annotations.Nullable;

/**
 * A server that takes messages, and the login there.
 *
 * @param login null to send without a login
 */
public record SmtpServer(Endpoint endpoint, @Nullable Login login) {
    private static final int SUBMISSIONS = 465;
    private static final int SUBMISSION = 587;
    private static final int RELAY = 25;

    /**
     * User name and secret.
     *
     * @param username without control characters
     */
    public record Login(String username, Credential credential) {
        public Login {
            if (username.chars().anyMatch(Character::isISOControl)) {
                throw new IllegalArgumentException("a control character in the user name");
            }
        }
    }

    /** The registered port: 465 for TLS from the first byte, 587 for STARTTLS (RFC 8314), or 25. */
    public static int defaultPort(Security security) {
        return switch (security) {
            case TLS -> SUBMISSIONS;
            case STARTTLS -> SUBMISSION;
            case NONE -> RELAY;
        };
    }
}
