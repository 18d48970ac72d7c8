package dev.mailbell.mail.pop3.login;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.auth.LoginWays;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.mail.pop3.protocol.Refusals;
import dev.mailbell.mail.pop3.protocol.Reply;
import dev.mailbell.mail.text.ServerText;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/** The way from the greeting to the transaction state. */
public final class Pop3Login {
    private final Pop3Wire wire;
    private final Login login;
    private final LoginWays ways;
    private final ServerQuirks habits;
    private final Duration patience;
    private boolean asking;

    /**
     * @param habits what the host and the login are known for
     * @param patience for how long a server may be silent at a question that it need not know
     */
    public Pop3Login(
            Pop3Wire wire, Login login, LoginWays ways, ServerQuirks habits, Duration patience) {
        this.wire = wire;
        this.login = login;
        this.ways = ways;
        this.habits = habits;
        this.patience = patience;
    }

    /** Whether a failure came while the server was asked what it can do. */
    public boolean hasFailedAtCapa() {
        return asking;
    }

    /** Returns what the server can do for one who is logged in. */
    public Capabilities enter() {
        String timestamp = PasswordLogin.timestamp(greeting());
        Capabilities offered = ask();
        if (login.security() == Security.STARTTLS) {
            startTls();
            // RFC 2595, section 4: what was said before the handshake is no server's word.
            offered = ask();
        }
        switch (login.credential()) {
            case Credential.Password(String password) ->
                    new PasswordLogin(wire, login, ways, offered, timestamp).enter(password);
            case Credential.AccessToken(String token) -> token(offered, token);
        }
        Capabilities after = offered.isEmpty() ? offered : ask();
        return after.isEmpty() ? offered : after;
    }

    private Capabilities ask() {
        if (!habits.answersCapa()) {
            return Capabilities.NONE;
        }
        int before = wire.socket().getSoTimeout();
        wire.socket().setSoTimeout((int) patience.toMillis());
        asking = true;
        Capabilities.Answer answer = Capabilities.ask(wire, patience);
        asking = false;
        wire.socket().setSoTimeout(before);
        if (!answer.hasEnded()) {
            habits.leavesCapaOpen();
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
            reply = behindBanner(other);
        }
        if (!reply.ok()) {
            throw Refusals.ofGreeting(reply);
        }
        return reply.text();
    }

    /** Servers exist that send lines of text before the greeting. */
    private Reply behindBanner(MailFailure other) {
        try {
            return wire.replyBehindStrayLine();
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
     * XOAUTH2, or OAUTHBEARER (RFC 7628) where only that is offered. The token goes on a line of
     * its own: it seldom fits into a command, and Outlook insists.
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
        if (reply == null) {
            wire.send(response);
            reply = wire.asReply();
        }
        if (reply == null) {
            explained = challenge();
            // The server waits for a word before it refuses (RFC 7628, section 3.2.3).
            wire.send(bearer ? "AQ==" : "");
            reply = wire.readReply();
        }
        if (!reply.ok()) {
            Reply shown = explained.isEmpty() ? reply : new Reply(false, both(reply, explained));
            throw Refusals.of(
                    shown,
                    FailureCode.TOKEN_REFUSED,
                    "the access token",
                    " Let the account's owner grant access again.",
                    offered.loginDelay().orElse(null),
                    List.of(token, response));
        }
    }

    private static String both(Reply reply, String explained) {
        return reply.text() + " " + explained;
    }

    /** The JSON of an error challenge, which tells more than the refusal after it. */
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
