package dev.mailbell.mail.imap.login;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.LoginAdvice;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.auth.Base64Text;
import dev.mailbell.mail.auth.LoginMethods;
import dev.mailbell.mail.auth.PasswordExchange;
import dev.mailbell.mail.auth.PasswordMechanisms;
import dev.mailbell.mail.imap.protocol.Capabilities;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.Refusals;
import dev.mailbell.mail.imap.protocol.Reply;
import dev.mailbell.mail.imap.protocol.UntaggedListener;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.eclipse.angus.mail.iap.Argument;

/**
 * Logs in by password. The command LOGIN is used, or PLAIN if LOGIN cannot carry the password; if
 * the server allows neither, the strongest mechanism that it offers, and after a refusal the next
 * one. On a clear-text connection the strongest mechanism that does not send the password comes
 * first if the server offers any, and is the only one unless the operator allows the others.
 */
final class PasswordLogin {
    /**
     * The maximum length of a password or response inside a command; a longer one is sent on its
     * own line.
     */
    private static final int LONGEST_IN_COMMAND = 1_000;

    private static final Pattern SAFE_ATOM = Pattern.compile("[A-Za-z0-9@._+-]+");

    private final ImapWire wire;
    private final Login login;
    private final LoginMethods methods;
    private final Capabilities offered;
    private final UntaggedListener untagged;

    PasswordLogin(
            ImapWire wire,
            Login login,
            LoginMethods methods,
            Capabilities offered,
            UntaggedListener untagged) {
        this.wire = wire;
        this.login = login;
        this.methods = methods;
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
        return methods.first(login.server(), methodsOf(password));
    }

    private SequencedMap<String, Supplier<Reply>> methodsOf(String password) {
        Predicate<String> mechanisms = name -> offered.has("AUTH=" + name);
        SequencedMap<String, Supplier<Reply>> possible = new LinkedHashMap<>();
        if (login.security() == Security.NONE) {
            Optional<String> secret = PasswordMechanisms.secret(mechanisms);
            if (secret.isPresent()) {
                possible.put(secret.get(), by(secret.get(), password));
                if (!login.plainFallback()) {
                    return possible;
                }
            }
        }
        // LOGIN is only reliable for ASCII, while SASL PLAIN is UTF-8 (RFC 4616); and some servers
        // limit a command to fewer octets than a line of its own.
        boolean fits =
                password.length() <= LONGEST_IN_COMMAND
                        && (login.username() + password).chars().allMatch(c -> c < 128);
        boolean disabled = offered.has("LOGINDISABLED");
        if (mechanisms.test(PasswordMechanisms.PLAIN) && (disabled || !fits)) {
            possible.put(PasswordMechanisms.PLAIN, by(PasswordMechanisms.PLAIN, password));
        }
        if (!disabled) {
            // After PLAIN for a proxy like perdition, which lists mechanisms and refuses them.
            possible.put("the command LOGIN", () -> command(password));
        } else if (!possible.containsKey(PasswordMechanisms.PLAIN)) {
            PasswordMechanisms.besidesPlain(mechanisms)
                    .forEach(name -> possible.putIfAbsent(name, by(name, password)));
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
        write(arguments, login.username());
        write(arguments, password);
        Reply reply = wire.secretCommand("LOGIN", arguments, untagged);
        if (!reply.ok()) {
            throw refusedPassword(
                    reply, LoginAdvice.forRefusedPassword(login.host()), List.of(password));
        }
        return reply;
    }

    /** Courier refuses some characters that an atom may have, such as a tilde. */
    private static void write(Argument arguments, String text) {
        if (SAFE_ATOM.matcher(text).matches()) {
            arguments.writeString(text);
        } else {
            arguments.writeNString(text, StandardCharsets.UTF_8);
        }
    }

    /** The failure if the server offers no password mechanism; the message lists what it offers. */
    private MailFailure nothingOffered() {
        List<String> names =
                offered.list().stream()
                        .filter(name -> name.startsWith("AUTH="))
                        .map(name -> name.substring("AUTH=".length()))
                        .toList();
        return LoginAdvice.noPasswordLogin(
                names, login.security() == Security.NONE && offered.has("STARTTLS"));
    }

    /** Runs a mechanism; an OK counts only if the mechanism is complete. */
    private Reply exchange(PasswordExchange exchange, String password) {
        Optional<String> initial = exchange.initialResponse().map(Base64Text::encode);
        // A first response that does not fit into a command is sent after the continuation request.
        boolean early =
                offered.has("SASL-IR")
                        && initial.filter(text -> text.length() <= LONGEST_IN_COMMAND).isPresent();
        boolean[] started = {early || initial.isEmpty()};
        List<String> secrets =
                new ArrayList<>(List.of(password, AuthenticateCommand.base64(password)));
        initial.ifPresent(secrets::add);
        Reply reply =
                AuthenticateCommand.run(
                        wire,
                        exchange.mechanism(),
                        early ? initial.orElseThrow() : null,
                        challenge -> {
                            if (!started[0]) {
                                started[0] = true;
                                return initial.orElseThrow();
                            }
                            return Base64Text.encode(exchange.answer(Base64Text.decode(challenge)));
                        },
                        untagged);
        if (!reply.ok()) {
            throw refusedPassword(
                    reply,
                    login.security() == Security.NONE && !login.plainFallback()
                            ? LoginAdvice.forRefusedIn(exchange.mechanism(), login.host())
                            : LoginAdvice.forRefusedPassword(login.host()),
                    secrets);
        }
        if (!exchange.isComplete()) {
            throw wire.protocolError(
                    "ended the login by "
                            + exchange.mechanism()
                            + " without proof that it knows the password");
        }
        return reply;
    }

    private static MailFailure refusedPassword(Reply reply, String advice, List<String> secrets) {
        return Refusals.of(reply, FailureCode.AUTH_FAILED, "the login", advice, secrets);
    }
}
