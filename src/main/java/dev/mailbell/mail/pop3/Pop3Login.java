package dev.mailbell.mail.pop3;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.ServerText;
import dev.mailbell.mail.auth.LoginWays;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** The way from the greeting to the transaction state. */
final class Pop3Login {
    private final Pop3Wire wire;
    private final Login login;
    private final LoginWays ways;

    Pop3Login(Pop3Wire wire, Login login, LoginWays ways) {
        this.wire = wire;
        this.login = login;
        this.ways = ways;
    }

    /** Returns what the server can do for one who is logged in. */
    Capabilities enter() {
        String timestamp = PasswordLogin.timestamp(greeting());
        Capabilities offered = Capabilities.ask(wire);
        if (login.security() == Security.STARTTLS) {
            startTls();
            // RFC 2595, section 4: what was said before the handshake is no server's word.
            offered = Capabilities.ask(wire);
        }
        switch (login.credential()) {
            case Credential.Password(String password) ->
                    new PasswordLogin(wire, login, ways, offered, timestamp).enter(password);
            case Credential.AccessToken(String token) -> token(offered, token);
        }
        if (offered.isEmpty()) {
            return offered;
        }
        Capabilities after = Capabilities.ask(wire);
        return after.isEmpty() ? offered : after;
    }

    /** The text of the greeting. */
    private String greeting() {
        Reply reply = wire.asReply();
        if (reply == null) {
            throw wire.protocolError("does not speak POP3: " + otherProtocol(wire.text(0)));
        }
        if (!reply.ok()) {
            throw Refusals.ofGreeting(reply);
        }
        return reply.text();
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
