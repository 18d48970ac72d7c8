package dev.mailbell.mail.imap.login;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.auth.Base64Text;
import dev.mailbell.mail.auth.LoginMethods;
import dev.mailbell.mail.imap.protocol.BoundedResponses;
import dev.mailbell.mail.imap.protocol.Capabilities;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.Refusals;
import dev.mailbell.mail.imap.protocol.Reply;
import dev.mailbell.mail.imap.protocol.SharedResponse;
import dev.mailbell.mail.text.ServerText;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Brings a connection from the greeting to the authenticated state. */
public final class ImapLogin {
    private final ImapWire wire;
    private final Login login;
    private final LoginMethods methods;
    private Capabilities capabilities = Capabilities.NONE;
    private String greeting = "";
    private String serverId = "";

    public ImapLogin(ImapWire wire, Login login, LoginMethods methods) {
        this.wire = wire;
        this.login = login;
        this.methods = methods;
    }

    /** Logs in and returns the capabilities after login. */
    public Capabilities enter() {
        readGreeting();
        if (login.security() == Security.STARTTLS) {
            startTls();
        }
        readUnlessKnown();
        IdCommand identity = new IdCommand(wire);
        Boolean wanted = login.identify();
        boolean exchanged = wanted == null ? capabilities.has("ID") : wanted;
        if (exchanged) {
            // 163 and its sister services refuse clients that did not send ID before LOGIN.
            serverId = identity.exchange();
        }
        Capabilities before = capabilities;
        capabilities = Capabilities.NONE;
        Reply reply =
                switch (login.credential()) {
                    case Credential.Password(String password) ->
                            new PasswordLogin(wire, login, methods, before, this::takeUntagged)
                                    .enter(password);
                    case Credential.AccessToken(String token) -> token(before, token);
                };
        take(reply);
        // iCloud and others list some capabilities only after login.
        readUnlessKnown();
        if (!exchanged && wanted == null && capabilities.has("ID")) {
            serverId = identity.exchange();
        }
        return capabilities;
    }

    /** False if greeting, capabilities or ID show a server that is known for unstable UIDs. */
    public boolean givesStableUids() {
        return UidStability.isStable(greeting, capabilities, serverId);
    }

    private void readGreeting() {
        SharedResponse line = wire.greeting();
        if (!line.isUnTagged() || !(line.isOK() || line.keyEquals("PREAUTH"))) {
            throw wire.protocolError("does not speak IMAP: " + otherProtocol(line.toString()));
        }
        if (!line.isOK()) {
            throw wire.protocolError(
                    "has logged somebody in by itself (PREAUTH), so the mailbox may be anyone's");
        }
        Reply reply = Reply.of(line);
        greeting = reply.text();
        take(reply);
    }

    private static String otherProtocol(String line) {
        if (line.startsWith("+OK")) {
            return "this port speaks POP3; choose the protocol pop3, or port 993 or 143";
        }
        if (line.startsWith("220")) {
            return "this port speaks SMTP or FTP; IMAP has ports 993 and 143";
        }
        return "it greets with \"" + ServerText.shown(line, List.of()) + "\"";
    }

    private void startTls() {
        Reply reply = wire.command("STARTTLS");
        if (!reply.ok()) {
            throw new MailFailure(
                    FailureCode.TLS_FAILED,
                    "The server does not offer STARTTLS (\""
                            + ServerText.shown(reply.shown(), List.of())
                            + "\"): use security \"tls\" with port 993.");
        }
        wire.startTls();
        // RFC 9051, section 6.2.1: capabilities from before the handshake must be discarded.
        capabilities = Capabilities.NONE;
    }

    /** Takes capabilities from the code of a status response. */
    private void take(Reply reply) {
        if (reply.code().equals("CAPABILITY")) {
            setCapabilities(Capabilities.parse(reply.arguments()));
        }
    }

    private void takeUntagged(SharedResponse line) {
        if (line.keyEquals("CAPABILITY")) {
            setCapabilities(Capabilities.parse(line.getRest()));
        }
    }

    private void setCapabilities(Capabilities given) {
        capabilities = given;
        wire.nonSynchronizingLiterals(given.nonSynchronizingLiterals());
    }

    private void readUnlessKnown() {
        if (capabilities.isEmpty()) {
            Reply reply =
                    wire.command(
                            "CAPABILITY", null, BoundedResponses.USUAL_LIMIT, this::takeUntagged);
            take(reply);
        }
    }

    /** XOAUTH2, or OAUTHBEARER (RFC 7628) where only that is offered. */
    private Reply token(Capabilities offered, String token) {
        boolean bearer = offered.has("AUTH=OAUTHBEARER") && !offered.has("AUTH=XOAUTH2");
        if (!bearer && !offered.has("AUTH=XOAUTH2")) {
            throw new MailFailure(
                    FailureCode.TOKEN_REFUSED,
                    "The server takes no access tokens (neither XOAUTH2 nor OAUTHBEARER): use a"
                            + " password.");
        }
        String response =
                AuthenticateCommand.base64(
                        bearer
                                ? "n,a=%s,\1host=%s\1port=%d\1auth=Bearer %s\1\1"
                                        .formatted(
                                                login.username()
                                                        .replace("=", "=3D")
                                                        .replace(",", "=2C"),
                                                login.host(),
                                                login.port(),
                                                token)
                                : "user=" + login.username() + "\1auth=Bearer " + token + "\1\1");
        StringBuilder explained = new StringBuilder();
        boolean[] sent = {offered.has("SASL-IR")};
        Reply reply =
                AuthenticateCommand.run(
                        wire,
                        bearer ? "OAUTHBEARER" : "XOAUTH2",
                        sent[0] ? response : null,
                        challenge -> {
                            if (!sent[0]) {
                                sent[0] = true;
                                return response;
                            }
                            explained.append(" ").append(decoded(challenge));
                            // The server waits for a response before it refuses (RFC 7628, section
                            // 3.2.3).
                            return bearer ? "AQ==" : "";
                        },
                        this::takeUntagged);
        if (!reply.ok()) {
            Reply shown =
                    new Reply(
                            reply.kind(),
                            reply.code(),
                            reply.arguments(),
                            reply.text() + explained);
            throw Refusals.of(
                    shown,
                    FailureCode.TOKEN_REFUSED,
                    "the access token",
                    " Let the account's owner grant access again.",
                    List.of(token, response));
        }
        return reply;
    }

    /** The JSON of an error challenge, which has more details than the refusal after it. */
    private static String decoded(String challenge) {
        return new String(Base64Text.decode(challenge), StandardCharsets.ISO_8859_1);
    }
}
