package dev.mailbell.mail.smtp;

import dev.mailbell.mail.ActionNeeded;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.LoginAdvice;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.auth.Base64Text;
import dev.mailbell.mail.auth.LoginMethods;
import dev.mailbell.mail.auth.PasswordExchange;
import dev.mailbell.mail.auth.PasswordMechanisms;
import dev.mailbell.mail.text.ServerText;
import jakarta.mail.MessagingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Supplier;

/**
 * The command AUTH (RFC 4954). Over TLS PLAIN is used if it is offered; in clear text the strongest
 * mechanism that does not send the password.
 */
final class SmtpLogin {
    /** A longer initial response is sent on its own line (RFC 4954, section 4). */
    private static final int LONGEST_COMMAND = 500;

    private static final int MAX_ROUNDS = 4;
    private static final int CONTINUE = 334;

    private final SmtpDialogue dialogue;
    private final SmtpServer server;

    SmtpLogin(SmtpDialogue dialogue, SmtpServer server) {
        this.dialogue = dialogue;
        this.server = server;
    }

    /** Logs in; throws {@link MailFailure} when the server refuses it. */
    void enter(SmtpServer.Login login) {
        switch (login.credential()) {
            case Credential.Password(String password) -> password(login.username(), password);
            case Credential.AccessToken(String token) -> token(login.username(), token);
        }
    }

    private void password(String username, String password) {
        List<String> offered = dialogue.mechanisms();
        SequencedMap<String, Supplier<Boolean>> methods = new LinkedHashMap<>();
        if (server.endpoint().security() == Security.NONE) {
            Optional<String> secret = PasswordMechanisms.secret(offered::contains);
            secret.ifPresent(name -> methods.put(name, by(name, username, password)));
        }
        if (methods.isEmpty()) {
            if (offered.contains(PasswordMechanisms.PLAIN)) {
                methods.put(
                        PasswordMechanisms.PLAIN, by(PasswordMechanisms.PLAIN, username, password));
            }
            PasswordMechanisms.besidesPlain(offered::contains)
                    .forEach(name -> methods.put(name, by(name, username, password)));
        }
        if (methods.isEmpty()) {
            throw LoginAdvice.noPasswordLogin(offered, dialogue.supportsExtension("STARTTLS"));
        }
        new LoginMethods().first(server.endpoint().server(), methods);
    }

    private Supplier<Boolean> by(String mechanism, String username, String password) {
        return () -> {
            run(PasswordMechanisms.begin(mechanism, username, password), password);
            return true;
        };
    }

    private void token(String username, String token) {
        List<String> offered = dialogue.mechanisms();
        boolean bearer = offered.contains("OAUTHBEARER") && !offered.contains("XOAUTH2");
        if (!bearer && !offered.contains("XOAUTH2")) {
            throw new MailFailure(
                    FailureCode.TOKEN_REFUSED,
                    "The server takes no access tokens (neither XOAUTH2 nor OAUTHBEARER): use a"
                            + " password.");
        }
        run(
                new TokenExchange(
                        bearer,
                        username,
                        token,
                        server.endpoint().host(),
                        server.endpoint().port()),
                token);
    }

    private void run(PasswordExchange exchange, String secret) {
        try {
            String command = "AUTH " + exchange.mechanism();
            Optional<String> initial = exchange.initialResponse().map(SmtpLogin::base64);
            boolean together =
                    initial.isPresent()
                            && command.length() + 1 + initial.get().length() <= LONGEST_COMMAND;
            int code = dialogue.simpleCommand(together ? command + " " + initial.get() : command);
            if (code == CONTINUE && initial.isPresent() && !together) {
                code = dialogue.simpleCommand(initial.get());
            }
            for (int round = 0; code == CONTINUE && round < MAX_ROUNDS; round++) {
                String challenge = dialogue.last().text().substring(3).strip();
                code =
                        dialogue.simpleCommand(
                                base64(exchange.answer(Base64Text.decode(challenge))));
            }
            if (code != 235 || !exchange.isComplete()) {
                throw refusal(code, exchange, secret);
            }
        } catch (MessagingException e) {
            throw SmtpFailures.of(server.endpoint(), e);
        }
    }

    private static String base64(byte[] octets) {
        return octets.length == 0 ? "=" : Base64Text.encode(octets);
    }

    private MailFailure refusal(int code, PasswordExchange exchange, String secret) {
        String said = ServerText.shown(dialogue.last().text(), List.of(secret));
        if (code < 0) {
            return new MailFailure(
                    FailureCode.CONNECT_FAILED,
                    server.endpoint().server() + " closed the connection during the login");
        }
        String message =
                "The server refused the login by %s: \"%s\".".formatted(exchange.mechanism(), said);
        if (code / 100 == 4) {
            return new MailFailure(FailureCode.RATE_LIMITED, message + " Try again later.");
        }
        boolean token = exchange instanceof TokenExchange;
        String advice =
                ActionNeeded.of(said.toLowerCase(Locale.ROOT))
                        .map(ActionNeeded::advice)
                        .orElse(
                                token
                                        ? " Let the account's owner grant access again."
                                        : LoginAdvice.forRefusedPassword(server.endpoint().host()));
        return new MailFailure(
                token ? FailureCode.TOKEN_REFUSED : FailureCode.AUTH_FAILED, message + advice);
    }

    /** XOAUTH2 and OAUTHBEARER (RFC 7628). */
    private record TokenExchange(
            boolean bearer, String username, String token, String host, int port)
            implements PasswordExchange {
        @Override
        public String mechanism() {
            return bearer ? "OAUTHBEARER" : "XOAUTH2";
        }

        @Override
        public Optional<byte[]> initialResponse() {
            String response =
                    bearer
                            ? "n,a=%s,\1host=%s\1port=%d\1auth=Bearer %s\1\1"
                                    .formatted(
                                            username.replace("=", "=3D").replace(",", "=2C"),
                                            host,
                                            port,
                                            token)
                            : "user=" + username + "\1auth=Bearer " + token + "\1\1";
            return Optional.of(response.getBytes(StandardCharsets.UTF_8));
        }

        /** The server explains a refusal and waits for this before it refuses. */
        @Override
        public byte[] answer(byte[] challenge) {
            return bearer ? new byte[] {1} : new byte[0];
        }

        @Override
        public String toString() {
            return "TokenExchange[redacted]";
        }
    }
}
