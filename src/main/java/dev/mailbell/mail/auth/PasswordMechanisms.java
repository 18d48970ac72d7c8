package dev.mailbell.mail.auth;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The SASL mechanisms by which a password can be proven, the strongest first. */
public final class PasswordMechanisms {
    private static final List<String> SCRAM = List.of("SCRAM-SHA-256", "SCRAM-SHA-1");
    private static final String CRAM_MD5 = "CRAM-MD5";
    private static final String LOGIN = "LOGIN";
    private static final String PLAIN = "PLAIN";

    private PasswordMechanisms() {}

    /**
     * A mechanism that keeps the password from a listener and from the server (SCRAM, RFC 5802 and
     * 7677).
     *
     * @param offered whether the server offers a mechanism, by its name in upper case
     */
    public static Optional<PasswordExchange> secret(
            Predicate<String> offered, String username, String password) {
        return SCRAM.stream()
                .filter(offered)
                .findFirst()
                .map(mechanism -> new ScramExchange(mechanism, username, password));
    }

    /**
     * The strongest mechanism besides PLAIN: SCRAM, CRAM-MD5 (RFC 2195), and at last LOGIN, which
     * sends the password as it is.
     *
     * @param offered whether the server offers a mechanism, by its name in upper case
     */
    public static Optional<PasswordExchange> strongest(
            Predicate<String> offered, String username, String password) {
        Optional<PasswordExchange> secret = secret(offered, username, password);
        if (secret.isPresent()) {
            return secret;
        }
        if (offered.test(CRAM_MD5)) {
            return Optional.of(new CramMd5Exchange(username, password));
        }
        return offered.test(LOGIN)
                ? Optional.of(new LoginExchange(username, password))
                : Optional.empty();
    }

    /** PLAIN (RFC 4616): user name and password as UTF-8, as they are. */
    public static PasswordExchange plain(String username, String password) {
        return new PlainExchange(username, password);
    }

    /** One message, sent when the server is ready for it. */
    private record PlainExchange(String username, String password) implements PasswordExchange {
        @Override
        public String mechanism() {
            return PLAIN;
        }

        @Override
        public Optional<byte[]> initialResponse() {
            return Optional.of(utf8("\0" + username + "\0" + password));
        }

        @Override
        public byte[] answer(byte[] challenge) {
            throw unexpected(PLAIN);
        }

        @Override
        public String toString() {
            return "PlainExchange[redacted]";
        }
    }

    /**
     * LOGIN, which no RFC defines (draft-murchison-sasl-login): the server asks twice, in whatever
     * words, for the user name first.
     */
    private static final class LoginExchange implements PasswordExchange {
        private final List<String> answers;
        private int asked;

        LoginExchange(String username, String password) {
            answers = List.of(username, password);
        }

        @Override
        public String mechanism() {
            return LOGIN;
        }

        @Override
        public Optional<byte[]> initialResponse() {
            return Optional.empty();
        }

        @Override
        public byte[] answer(byte[] challenge) {
            if (asked == answers.size()) {
                throw unexpected(LOGIN);
            }
            return utf8(answers.get(asked++));
        }
    }

    static MailFailure unexpected(String mechanism) {
        return new MailFailure(
                FailureCode.PROTOCOL_ERROR,
                "The server sent a challenge that does not belong to the login by "
                        + mechanism
                        + ".");
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
