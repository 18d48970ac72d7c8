package dev.mailbell.mail.pop3.login;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.LoginAdvice;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.auth.Base64Text;
import dev.mailbell.mail.auth.LoginMethods;
import dev.mailbell.mail.auth.PasswordExchange;
import dev.mailbell.mail.auth.PasswordMechanisms;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import dev.mailbell.mail.pop3.protocol.CommandBatch;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.mail.pop3.protocol.Refusals;
import dev.mailbell.mail.pop3.protocol.Reply;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Logs in by password. USER and PASS are used, or PLAIN if they cannot carry the password. If CAPA
 * has a SASL line without PLAIN, Dovecot lists USER and refuses it: then the strongest mechanism of
 * the line is tried first, or APOP if the line has none and the greeting has a timestamp, and USER
 * after a refusal. On a clear-text connection the strongest mechanism that does not send the
 * password comes first if the server offers any, and is the only one unless the operator allows the
 * others.
 */
final class PasswordLogin {
    /** The maximum length of a command with its arguments and CRLF (RFC 2449, section 4). */
    private static final int COMMAND_LIMIT = 255;

    private static final String USER = "USER and PASS";
    private static final String APOP = "APOP";

    /** The number of challenges of the longest mechanism, and one more. */
    private static final int MAX_ROUNDS = 4;

    /** The timestamp in a greeting, a msg-id (RFC 1939, section 7). */
    private static final Pattern TIMESTAMP = Pattern.compile("<[^<>\\s]+@[^<>\\s]+>");

    private final Pop3Wire wire;
    private final Login login;
    private final LoginMethods methods;
    private final Capabilities offered;
    private final @Nullable String timestamp;

    /**
     * @param timestamp the greeting's timestamp for APOP; null for none
     */
    PasswordLogin(
            Pop3Wire wire,
            Login login,
            LoginMethods methods,
            Capabilities offered,
            @Nullable String timestamp) {
        this.wire = wire;
        this.login = login;
        this.methods = methods;
        this.offered = offered;
        this.timestamp = timestamp;
    }

    /** The timestamp of a greeting, which means that the server supports APOP; null for none. */
    static @Nullable String timestamp(String greeting) {
        Matcher matcher = TIMESTAMP.matcher(greeting);
        return matcher.find() ? matcher.group() : null;
    }

    /**
     * @throws MailFailure when the server refuses, with its answer to the first method
     */
    void enter(String password) {
        if (password.chars().anyMatch(c -> c == '\r' || c == '\n' || c == 0)) {
            throw new MailFailure(
                    FailureCode.AUTH_FAILED,
                    "The password holds a line break or NUL, which POP3 cannot send.");
        }
        methods.first(login.server(), methodsOf(password));
    }

    private SequencedMap<String, Supplier<Reply>> methodsOf(String password) {
        SequencedMap<String, Supplier<Reply>> possible = new LinkedHashMap<>();
        Supplier<Reply> apop = () -> accepted(APOP, apop(password), password);
        if (login.security() == Security.NONE) {
            Optional<String> secret = PasswordMechanisms.secret(offered::sasl);
            if (secret.isPresent()) {
                possible.put(secret.get(), by(secret.get(), password));
            } else if (needsApop()) {
                possible.put(APOP, apop);
            }
            if (!possible.isEmpty() && !login.plainFallback()) {
                return possible;
            }
        }
        Supplier<Reply> user = () -> accepted(USER, user(password), password);
        if (offered.sasl(PasswordMechanisms.PLAIN)) {
            if (fits(password) && offered.has("USER")) {
                possible.put(USER, user);
            } else {
                possible.put(PasswordMechanisms.PLAIN, by(PasswordMechanisms.PLAIN, password));
            }
            return possible;
        }
        PasswordMechanisms.besidesPlain(offered::sasl)
                .forEach(name -> possible.putIfAbsent(name, by(name, password)));
        if (needsApop()) {
            possible.putIfAbsent(APOP, apop);
        }
        if (offered.has("USER") || possible.isEmpty() && offered.mechanisms().isEmpty()) {
            possible.put(USER, user);
        }
        if (possible.isEmpty()) {
            throw LoginAdvice.noPasswordLogin(
                    offered.mechanisms(), login.security() == Security.NONE && offered.has("STLS"));
        }
        return possible;
    }

    /**
     * Whether APOP is all that the server can mean. A timestamp alone is no offer: Cyrus and GNU
     * mailutils send one without having secrets for APOP.
     */
    private boolean needsApop() {
        return timestamp != null
                && offered.has("SASL")
                && !offered.sasl(PasswordMechanisms.PLAIN)
                && PasswordMechanisms.besidesPlain(offered::sasl).isEmpty();
    }

    private Supplier<Reply> by(String mechanism, String password) {
        return () ->
                accepted(
                        mechanism,
                        exchange(PasswordMechanisms.begin(mechanism, login.username(), password)),
                        password);
    }

    /** USER and PASS are only reliable for ASCII, while SASL PLAIN is UTF-8 (RFC 4616). */
    private boolean fits(String password) {
        return password.length() + "PASS \r\n".length() <= COMMAND_LIMIT
                && (login.username() + password).chars().allMatch(c -> c < 128);
    }

    /** USER and PASS; APOP if the server refuses USER and the greeting has a timestamp. */
    private Reply user(String password) {
        CommandBatch batch =
                new CommandBatch(
                        wire, offered.pipelining(), "USER " + login.username(), "PASS " + password);
        Reply known = batch.next();
        if (known.ok()) {
            return batch.next();
        }
        if (mayNeedTls(known)) {
            throw LoginAdvice.noPasswordLogin(offered.mechanisms(), true);
        }
        try {
            batch.abandon();
            if (timestamp == null || Refusals.isPassing(known)) {
                return known;
            }
            Reply second = apop(password);
            // A timestamp alone is no offer of APOP, so its refusal may mean nothing.
            return second.ok() || !Refusals.isOfServer(known) ? second : known;
        } catch (MailFailure lost) {
            if (lost.code() == FailureCode.TIMEOUT) {
                throw lost;
            }
            // What the server said before it hung up is the reason.
            return known;
        }
    }

    /** Exchange lists STLS and no login where it takes none in clear text. */
    private boolean mayNeedTls(Reply refusal) {
        return login.security() == Security.NONE
                && offered.has("STLS")
                && !offered.has("USER")
                && (Refusals.isOfUnknownCommand(refusal) || refusal.text().contains("state"));
    }

    /** RFC 1939, section 7. */
    private Reply apop(String password) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("MD5")
                            .digest((timestamp + password).getBytes(StandardCharsets.UTF_8));
            wire.send("APOP " + login.username() + " " + HexFormat.of().formatHex(digest));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has MD5", e);
        }
        return wire.readReply();
    }

    /** Runs a mechanism (RFC 5034). */
    private Reply exchange(PasswordExchange exchange) {
        Optional<String> initial = exchange.initialResponse().map(Base64Text::encode);
        String command = "AUTH " + exchange.mechanism();
        String whole = command + initial.map(response -> " " + response).orElse("");
        boolean early = initial.isPresent() && whole.length() + 2 <= COMMAND_LIMIT;
        wire.send(early ? whole : command);
        boolean begun = early || initial.isEmpty();
        for (int round = 0; round < MAX_ROUNDS; round++) {
            Reply reply = wire.asReply();
            if (reply != null) {
                if (reply.ok() && !exchange.isComplete()) {
                    throw wire.protocolError(
                            "ended the login by "
                                    + exchange.mechanism()
                                    + " without proof that it knows the password");
                }
                return reply;
            }
            String challenge = wire.text(0).strip();
            if (!challenge.startsWith("+")) {
                break;
            }
            wire.send(
                    begun
                            ? Base64Text.encode(
                                    exchange.answer(
                                            Base64Text.decode(challenge.substring(1).strip())))
                            : initial.orElseThrow());
            begun = true;
        }
        throw wire.protocolError("sent more challenges than the mechanism has");
    }

    /** Returns the reply unless it is a refusal. */
    private Reply accepted(String method, Reply reply, String password) {
        if (reply.ok()) {
            return reply;
        }
        throw Refusals.of(
                reply,
                FailureCode.AUTH_FAILED,
                "the login",
                login.security() == Security.NONE && !login.plainFallback() && !method.equals(USER)
                        ? LoginAdvice.forRefusedIn(method, login.host())
                        : LoginAdvice.forRefusedPassword(login.host()),
                offered.loginDelay().orElse(null),
                List.of(
                        password,
                        Base64Text.encode(password.getBytes(StandardCharsets.UTF_8)),
                        Base64Text.encode(
                                PasswordMechanisms.plain(login.username(), password)
                                        .initialResponse()
                                        .orElseThrow())));
    }
}
