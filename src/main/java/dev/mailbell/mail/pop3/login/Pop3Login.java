package dev.mailbell.mail.pop3.login;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.auth.LoginMethods;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.mail.pop3.protocol.Refusals;
import dev.mailbell.mail.pop3.protocol.Reply;
import dev.mailbell.mail.text.ServerText;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/** Brings a connection from the greeting to the transaction state. */
public final class Pop3Login {
    private final Pop3Wire wire;
    private final Login login;
    private final LoginMethods methods;
    private final ServerQuirks quirks;
    private final Duration patience;
    private boolean readingCapa;
    private boolean accepted;

    /**
     * @param quirks the known quirks of the host and the maildrop
     * @param patience how long a server may be silent after a command that it need not support
     */
    public Pop3Login(
            Pop3Wire wire,
            Login login,
            LoginMethods methods,
            ServerQuirks quirks,
            Duration patience) {
        this.wire = wire;
        this.login = login;
        this.methods = methods;
        this.quirks = quirks;
        this.patience = patience;
    }

    /** Whether the login failed while the answer to CAPA was awaited. */
    public boolean hasFailedAtCapa() {
        return readingCapa;
    }

    /** Whether the server has accepted the login. */
    public boolean isAccepted() {
        return accepted;
    }

    /** Logs in and returns the capabilities after login. */
    public Capabilities enter() {
        String timestamp = PasswordLogin.timestamp(greeting());
        Capabilities offered = readCapabilities();
        if (login.security() == Security.STARTTLS) {
            startTls();
            // RFC 2595, section 4: capabilities from before the handshake must be discarded.
            offered = readCapabilities();
        }
        if (quirks.answersCapa()) {
            quirks.capaAnswered();
        }
        switch (login.credential()) {
            case Credential.Password(String password) ->
                    new PasswordLogin(wire, login, methods, offered, timestamp).enter(password);
            case Credential.AccessToken(String token) -> token(offered, token);
        }
        accepted = true;
        if (offered.isEmpty() || !quirks.answersCapaInside()) {
            return offered;
        }
        Capabilities after = readCapabilities();
        return after.isEmpty() ? offered : after;
    }

    private Capabilities readCapabilities() {
        if (!quirks.answersCapa()) {
            return Capabilities.NONE;
        }
        int before = wire.socket().getSoTimeout();
        wire.socket().setSoTimeout((int) patience.toMillis());
        readingCapa = true;
        Capabilities.Answer answer = Capabilities.ask(wire, patience);
        readingCapa = false;
        wire.socket().setSoTimeout(before);
        if (!answer.hasEnded()) {
            quirks.leavesCapaOpen();
        }
        return answer.capabilities();
    }

    /** The text of the greeting. */
    private String greeting() {
        Reply reply = wire.asReply();
        if (reply == null) {
            MailFailure other =
                    new MailFailure(
                            FailureCode.PROTOCOL_ERROR,
                            "the server does not speak POP3: " + otherProtocol(wire.text(0)));
            if (isOfAnotherProtocol(wire.text(0))) {
                throw wire.broken(other);
            }
            reply = replyAfterBanner(other);
        }
        if (!reply.ok()) {
            throw Refusals.ofGreeting(reply);
        }
        return reply.text();
    }

    /** Some servers send lines of text before the greeting. */
    private Reply replyAfterBanner(MailFailure other) {
        try {
            return wire.replyAfterStrayLine();
        } catch (MailFailure failure) {
            other.addSuppressed(failure);
            throw wire.broken(other);
        }
    }

    private static boolean isOfAnotherProtocol(String line) {
        return line.startsWith("* ") || line.startsWith("220") || line.startsWith("SSH-");
    }

    private static String otherProtocol(String line) {
        if (line.startsWith("* ")) {
            return "this port speaks IMAP; choose the protocol imap, or port 995 or 110";
        }
        if (line.startsWith("220")) {
            return "this port speaks SMTP or FTP; POP3 has ports 995 and 110";
        }
        return "it greets with \"" + ServerText.shown(line, List.of()) + "\"";
    }

    private void startTls() {
        wire.send("STLS");
        Reply reply = wire.readReply();
        if (!reply.ok()) {
            throw new MailFailure(
                    FailureCode.TLS_FAILED,
                    "The server does not offer STLS (\""
                            + ServerText.shown(reply.text(), List.of())
                            + "\"): use security \"tls\" with port 995.");
        }
        wire.startTls();
    }

    /**
     * XOAUTH2, or OAUTHBEARER (RFC 7628) if only that is offered. The token is sent on its own
     * line, because it seldom fits into a command and Outlook requires it.
     */
    private void token(Capabilities offered, String token) {
        boolean bearer = offered.sasl("OAUTHBEARER") && !offered.sasl("XOAUTH2");
        if (offered.has("SASL") && !bearer && !offered.sasl("XOAUTH2")) {
            throw new MailFailure(
                    FailureCode.TOKEN_REFUSED,
                    "The server takes no access tokens (neither XOAUTH2 nor OAUTHBEARER): use a"
                            + " password.");
        }
        String user = login.username();
        String response =
                base64(
                        bearer
                                ? "n,a=%s,\1host=%s\1port=%d\1auth=Bearer %s\1\1"
                                        .formatted(
                                                user.replace("=", "=3D").replace(",", "=2C"),
                                                login.host(),
                                                login.port(),
                                                token)
                                : "user=" + user + "\1auth=Bearer " + token + "\1\1");
        wire.send(bearer ? "AUTH OAUTHBEARER" : "AUTH XOAUTH2");
        Reply reply = wire.asReply();
        String explained = "";
        boolean sent = reply == null;
        if (reply == null) {
            wire.send(response);
            reply = wire.asReply();
        }
        if (reply == null) {
            explained = challenge();
            // The server waits for a response before it refuses (RFC 7628, section 3.2.3).
            wire.send(bearer ? "AQ==" : "");
            reply = wire.readReply();
        }
        if (!reply.ok()) {
            Reply shown = explained.isEmpty() ? reply : new Reply(false, both(reply, explained));
            throw Refusals.of(
                    shown,
                    FailureCode.TOKEN_REFUSED,
                    sent ? "the access token" : "a login by access token",
                    sent
                            ? " Let the account's owner grant access again."
                            : " If it takes no access tokens, use a password.",
                    offered.loginDelay().orElse(null),
                    List.of(token, response));
        }
    }

    private static String both(Reply reply, String explained) {
        return reply.text() + " " + explained;
    }

    /** The JSON of an error challenge, which has more details than the refusal after it. */
    private String challenge() {
        String line = wire.text(0);
        try {
            byte[] json = Base64.getDecoder().decode(line.substring(Math.min(2, line.length())));
            return new String(json, StandardCharsets.ISO_8859_1);
        } catch (IllegalArgumentException e) {
            return line;
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
