package dev.mailbell.mail.auth;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The SASL mechanisms for passwords, the strongest first. */
public final class PasswordMechanisms {
    private static final List<String> SCRAM =
            List.of("SCRAM-SHA-256", "SCRAM-SHA-512", "SCRAM-SHA-1");
    private static final String CRAM_MD5 = "CRAM-MD5";
    private static final String LOGIN = "LOGIN";

    /** The registered name of PLAIN. */
    public static final String PLAIN = "PLAIN";

    private PasswordMechanisms() {}

    /**
     * The strongest mechanism that does not send the password: SCRAM (RFC 5802 and 7677), else
     * CRAM-MD5 (RFC 2195). The variants of SCRAM with channel binding (-PLUS) have other names.
     *
     * @param offered whether the server offers a mechanism, by its name in upper case
     */
    public static Optional<String> secret(Predicate<String> offered) {
        return Stream.concat(SCRAM.stream(), Stream.of(CRAM_MD5)).filter(offered).findFirst();
    }

    /**
     * The mechanisms except PLAIN, the strongest first: SCRAM, CRAM-MD5, and last LOGIN, which
     * sends the password unencrypted.
     *
     * @param offered whether the server offers a mechanism, by its name in upper case
     */
    public static List<String> besidesPlain(Predicate<String> offered) {
        List<String> names = new ArrayList<>();
        SCRAM.stream().filter(offered).findFirst().ifPresent(names::add);
        Stream.of(CRAM_MD5, LOGIN).filter(offered).forEach(names::add);
        return names;
    }

    /**
     * Begins a run of a mechanism.
     *
     * @param mechanism a name returned here, or PLAIN
     */
    public static PasswordExchange begin(String mechanism, String username, String password) {
        return switch (mechanism) {
            case PLAIN -> plain(username, password);
            case CRAM_MD5 -> new CramMd5Exchange(username, password);
            case LOGIN -> new LoginExchange(username, password);
            default -> new ScramExchange(mechanism, username, password);
        };
    }

    /** PLAIN (RFC 4616): user name and password in UTF-8, unencrypted. */
    public static PasswordExchange plain(String username, String password) {
        return new PlainExchange(username, password);
    }

    /** The single message of PLAIN. */
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
     * LOGIN, which no RFC defines (draft-murchison-sasl-login): the server sends two challenges
     * with any text, the first for the user name.
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
