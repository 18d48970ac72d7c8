package dev.mailbell.mail.imap.login;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.LoginAdvice;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.auth.Base64Text;
import dev.mailbell.mail.auth.LoginWays;
import dev.mailbell.mail.auth.PasswordExchange;
import dev.mailbell.mail.auth.PasswordMechanisms;
import dev.mailbell.mail.imap.protocol.Capabilities;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.Refusals;
import dev.mailbell.mail.imap.protocol.Reply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.eclipse.angus.mail.iap.Argument;

/**
 * Logs in by password. On a connection in clear SCRAM comes first. Else the command LOGIN is used,
 * or PLAIN where LOGIN cannot carry the password; where the server allows neither, the strongest
 * mechanism that it offers.
 */
final class PasswordLogin {
    /** Octets of a password, or of a response, that go into a command; longer ones go alone. */
    private static final int LONGEST_IN_COMMAND = 1_000;

    private final ImapWire wire;
    private final Login login;
    private final LoginWays ways;
    private final Capabilities offered;
    private final ImapWire.Untagged untagged;

    PasswordLogin(
            ImapWire wire,
            Login login,
            LoginWays ways,
            Capabilities offered,
            ImapWire.Untagged untagged) {
        this.wire = wire;
        this.login = login;
        this.ways = ways;
        this.offered = offered;
        this.untagged = untagged;
    }

    /** Returns the OK of the login. */
    Reply enter(String password) {
        if (password.chars().anyMatch(c -> c == '\r' || c == '\n' || c == 0)) {
            throw new MailFailure(
                    FailureCode.AUTH_FAILED,
                    "The password holds a line break or NUL, which IMAP cannot send.");
        }
        return ways.first(login.server(), waysOf(password));
    }

    private SequencedMap<String, Supplier<Reply>> waysOf(String password) {
        Predicate<String> mechanisms = name -> offered.has("AUTH=" + name);
        SequencedMap<String, Supplier<Reply>> possible = new LinkedHashMap<>();
        if (login.security() == Security.NONE) {
            PasswordMechanisms.secret(mechanisms)
                    .ifPresent(name -> possible.put(name, by(name, password)));
        }
        // LOGIN knows only ASCII for sure, while SASL PLAIN is UTF-8 (RFC 4616); and some servers
        // take less in a command than in a line of its own.
        boolean fits =
                password.length() <= LONGEST_IN_COMMAND
                        && (login.username() + password).chars().allMatch(c -> c < 128);
        boolean disabled = offered.has("LOGINDISABLED");
        if (mechanisms.test(PasswordMechanisms.PLAIN) && (disabled || !fits)) {
            possible.put(PasswordMechanisms.PLAIN, by(PasswordMechanisms.PLAIN, password));
        } else if (!disabled) {
            possible.put("the command LOGIN", () -> command(password));
        } else {
            for (String name : PasswordMechanisms.besidesPlain(mechanisms)) {
                possible.putIfAbsent(name, by(name, password));
            }
        }
        if (possible.isEmpty()) {
            throw nothingOffered();
        }
        return possible;
    }

    private Supplier<Reply> by(String mechanism, String password) {
        return () ->
                exchange(PasswordMechanisms.begin(mechanism, login.username(), password), password);
    }

    private Reply command(String password) {
        Argument arguments = new Argument();
        arguments.writeString(login.username(), StandardCharsets.UTF_8);
        arguments.writeString(password, StandardCharsets.UTF_8);
        Reply reply = wire.secretCommand("LOGIN", arguments, untagged);
        if (!reply.ok()) {
            throw refusedPassword(reply, List.of(password));
        }
        return reply;
    }

    /** The server offers no way to prove a password; the message names what it does offer. */
    private MailFailure nothingOffered() {
        List<String> names =
                offered.list().stream()
                        .filter(name -> name.startsWith("AUTH="))
                        .map(name -> name.substring("AUTH=".length()))
                        .toList();
        return LoginAdvice.noPasswordLogin(
                names, login.security() == Security.NONE && offered.has("STARTTLS"));
    }

    /** Runs a mechanism that proves the password, and believes an OK only when it is complete. */
    private Reply exchange(PasswordExchange exchange, String password) {
        Optional<String> initial = exchange.initialResponse().map(Base64Text::encode);
        // A first response that does not fit into a command waits for the server's word.
        boolean early =
                offered.has("SASL-IR")
                        && initial.filter(text -> text.length() <= LONGEST_IN_COMMAND).isPresent();
        boolean[] begun = {early || initial.isEmpty()};
        List<String> secrets = new ArrayList<>(List.of(password, Sasl.base64(password)));
        initial.ifPresent(secrets::add);
        Reply reply =
                Sasl.run(
                        wire,
                        exchange.mechanism(),
                        early ? initial.orElseThrow() : null,
                        challenge -> {
                            if (!begun[0]) {
                                begun[0] = true;
                                return initial.orElseThrow();
                            }
                            return Base64Text.encode(exchange.answer(Base64Text.decode(challenge)));
                        },
                        untagged);
        if (!reply.ok()) {
            throw refusedPassword(reply, secrets);
        }
        if (!exchange.isComplete()) {
            throw wire.protocolError(
                    "ended the login by "
                            + exchange.mechanism()
                            + " without proof that it knows the password");
        }
        return reply;
    }

    private MailFailure refusedPassword(Reply reply, List<String> secrets) {
        return Refusals.of(
                reply,
                FailureCode.AUTH_FAILED,
                "the login",
                LoginAdvice.forRefusedPassword(login.host()),
                secrets);
    }
}
