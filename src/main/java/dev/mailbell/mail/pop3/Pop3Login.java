package dev.mailbell.mail.pop3;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.LoginAdvice;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.ServerText;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** The way from the greeting to the transaction state. */
final class Pop3Login {
    /** RFC 2449, section 4: what a command with its arguments may take, CRLF included. */
    private static final int COMMAND_LIMIT = 255;

    private final Pop3Wire wire;
    private final Login login;

    Pop3Login(Pop3Wire wire, Login login) {
        this.wire = wire;
        this.login = login;
    }

    /** Returns what the server can do for one who is logged in. */
    Capabilities enter() {
        greeting();
        Capabilities offered = Capabilities.ask(wire);
        if (login.security() == Security.STARTTLS) {
            startTls();
            // RFC 2595, section 4: what was said before the handshake is no server's word.
            offered = Capabilities.ask(wire);
        }
        switch (login.credential()) {
            case Credential.Password(String password) -> password(offered, password);
            case Credential.AccessToken(String token) -> token(offered, token);
        }
        if (offered.isEmpty()) {
            return offered;
        }
        Capabilities after = Capabilities.ask(wire);
        return after.isEmpty() ? offered : after;
    }

    private void greeting() {
        Reply reply = wire.asReply();
        if (reply == null) {
            throw wire.protocolError("does not speak POP3: " + otherProtocol(wire.text(0)));
        }
        if (!reply.ok()) {
            throw Refusals.of(
                    reply, FailureCode.SERVER_ERROR, "the connection", "", null, List.of());
        }
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

    private void password(Capabilities offered, String password) {
        if (password.chars().anyMatch(c -> c == '\r' || c == '\n' || c == 0)) {
            throw new MailFailure(
                    FailureCode.AUTH_FAILED,
                    "The password holds a line break or NUL, which POP3 cannot send.");
        }
        // USER and PASS know only ASCII for sure, while SASL PLAIN is UTF-8 (RFC 4616).
        boolean ascii = (login.username() + password).chars().allMatch(c -> c < 128);
        if (offered.sasl("PLAIN") && !(ascii && offered.has("USER"))) {
            plain(offered, password);
            return;
        }
        Flight flight =
                new Flight(
                        wire, offered.pipelining(), "USER " + login.username(), "PASS " + password);
        for (int i = 0; i < 2; i++) {
            Reply reply = flight.next();
            if (!reply.ok()) {
                throw refused(reply, offered, List.of(password));
            }
        }
    }

    /** SASL PLAIN (RFC 4616) with its initial response (RFC 5034). */
    private void plain(Capabilities offered, String password) {
        String response = base64("\0" + login.username() + "\0" + password);
        String command = "AUTH PLAIN " + response;
        boolean fits = command.length() + 2 <= COMMAND_LIMIT;
        wire.send(fits ? command : "AUTH PLAIN");
        Reply reply = fits ? wire.readReply() : answer(response);
        if (!reply.ok()) {
            throw refused(reply, offered, List.of(password, response));
        }
    }

    /** Sends a response once the server asks for it; returns the status that ends the exchange. */
    private Reply answer(String response) {
        Reply early = wire.asReply();
        if (early != null) {
            return early;
        }
        wire.send(response);
        Reply reply = wire.asReply();
        if (reply == null) {
            throw wire.protocolError("wants to hear more than the login has to say");
        }
        return reply;
    }

    private MailFailure refused(Reply reply, Capabilities offered, List<String> secrets) {
        return Refusals.of(
                reply,
                FailureCode.AUTH_FAILED,
                "the login",
                LoginAdvice.forRefusedPassword(login.host()),
                offered.loginDelay().orElse(null),
                secrets);
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
