package dev.mailbell.mail.probe;

import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.connection.LimitedSocket;
import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.Pipelining;
import dev.mailbell.mail.imap.protocol.Reply;
import dev.mailbell.mail.imap.protocol.SharedResponse;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.mail.pop3.protocol.Silences;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at a server without a login: greeting, TLS and capabilities. */
final class Peek {
    private static final Logger LOG = LoggerFactory.getLogger(Peek.class);
    private static final long BYTE_BUDGET = 256 * 1024;
    private static final Duration GOODBYE = Duration.ofSeconds(2);

    private final MailConnector connector;
    private final Protocol protocol;
    private final Endpoint endpoint;
    private final Deadline deadline;

    Peek(MailConnector connector, Protocol protocol, Endpoint endpoint, Deadline deadline) {
        this.connector = connector;
        this.protocol = protocol;
        this.endpoint = endpoint;
        this.deadline = deadline;
    }

    /** Connects, with TLS if the endpoint has it; returns the capabilities before a login. */
    List<String> run() {
        LimitedSocket socket = connector.open(endpoint, deadline, BYTE_BUDGET);
        try {
            return protocol == Protocol.IMAP ? imap(socket) : pop3(socket);
        } finally {
            socket.cut();
        }
    }

    private List<String> imap(LimitedSocket socket) {
        ImapWire wire = ImapWire.over(socket, new Pipelining().of(endpoint.host()));
        SharedResponse greeting = wire.greeting();
        if (!greeting.isUnTagged() || !(greeting.isOK() || greeting.keyEquals("PREAUTH"))) {
            throw wire.protocolError("does not speak IMAP");
        }
        if (endpoint.security() == Security.STARTTLS) {
            Reply reply = wire.command("STARTTLS");
            requireTls(reply.ok(), "STARTTLS");
            wire.startTls();
        }
        List<String> words = new ArrayList<>();
        wire.onUntagged(line -> {
            if (line.keyEquals("CAPABILITY") && words.isEmpty()) {
                words.addAll(
                        List.of(line.getRest().strip().toUpperCase(Locale.ROOT).split("\\s+")));
            }
        });
        wire.command("CAPABILITY");
        socket.hasten(Deadline.after(GOODBYE));
        goodbye(wire::logOut);
        return words;
    }

    private List<String> pop3(LimitedSocket socket) {
        Pop3Wire wire = new Pop3Wire(socket, Silences.USUAL);
        if (!wire.readReply().ok()) {
            throw wire.protocolError("refuses the connection in its greeting");
        }
        if (endpoint.security() == Security.STARTTLS) {
            wire.send("STLS");
            requireTls(wire.readReply().ok(), "STLS");
            wire.startTls();
        }
        List<String> lines =
                Capabilities.ask(wire, wire.silences().patience(deadline)).capabilities().lines();
        socket.hasten(Deadline.after(GOODBYE));
        goodbye(() -> {
            wire.send("QUIT");
            wire.readReply();
        });
        return lines;
    }

    private void requireTls(boolean agreed, String command) {
        if (!agreed) {
            throw new MailFailure(
                    FailureCode.TLS_FAILED,
                    "The server does not offer " + command + ": use security \"tls\".");
        }
    }

    /** All is known by now, so a server that does not answer its end is no failure. */
    private static void goodbye(Runnable end) {
        try {
            end.run();
        } catch (MailFailure e) {
            LOG.debug("the server did not answer the end", e);
        }
    }
}
