package dev.mailbell.routing;

import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.network.Deadline;
import dev.mailbell.routing.node.Command;
import dev.mailbell.routing.node.Messages;
import dev.mailbell.routing.node.NodeClient;
import dev.mailbell.routing.node.NodeHeaders;
import dev.mailbell.routing.node.NodeSeal;
import dev.mailbell.routing.node.NodeSeal.Envelope;
import dev.mailbell.routing.node.NodeSeal.ReplayedException;
import dev.mailbell.routing.node.Nodes;
import dev.mailbell.routing.node.Reply;
import dev.mailbell.secret.KeyringException;
import dev.mailbell.status.LocalStatus;
import dev.mailbell.watch.Watch;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the requests of other nodes. A request without the keyset of this cluster is refused. */
public final class NodeServer {
    /** The path of the requests. */
    public static final String PATH = NodeClient.PATH;

    /** An account with its certificates, or the ids of a page of accounts. */
    public static final int MAX_REQUEST_BYTES = 512 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(NodeServer.class);
    private static final int MAX_AT_ONCE = 1_000;
    private static final Duration MAX_TIME = Duration.ofMinutes(10);

    private final NodeSeal seal;
    private final OwnerCommands commands;
    private final Semaphore places;

    /**
     * @param local the watch of this node alone
     * @param status of this node alone
     */
    public NodeServer(
            Watch local,
            Ownership ownership,
            Nodes nodes,
            AccountStore accounts,
            LoginSecrets secrets,
            ConfigurationReloads reloads,
            LocalStatus status) {
        this(
                nodes.seal(),
                new OwnerCommands(local, ownership, nodes, accounts, secrets, reloads, status),
                MAX_AT_ONCE);
    }

    NodeServer(NodeSeal seal, OwnerCommands commands, int most) {
        this.seal = seal;
        this.commands = commands;
        this.places = new Semaphore(most);
    }

    /** What is sent back. */
    public sealed interface Answer {
        /** A sealed reply. */
        @SuppressWarnings("ArrayRecordComponent") // bytes for the wire, never compared
        record Sealed(byte[] body) implements Answer {}

        /** The request is not one of another node of this cluster for this node. */
        record Refused() implements Answer {}

        /** Too many requests are under way. */
        record Busy() implements Answer {}
    }

    /**
     * Whether a request may be one for this node, before its body is read.
     *
     * @param header returns the value of a header; null when it is absent
     */
    public boolean isAcceptable(Function<String, @Nullable String> header) {
        return envelope(header).filter(seal::isAcceptable).isPresent();
    }

    /**
     * Carries a request out and returns when there is an answer.
     *
     * @param authenticated runs before, when the request is one of another node
     */
    public Answer answer(
            Function<String, @Nullable String> header, byte[] body, Runnable authenticated) {
        Optional<Envelope> envelope = envelope(header).filter(seal::isAcceptable);
        if (envelope.isEmpty()) {
            return new Answer.Refused();
        }
        if (!places.tryAcquire()) {
            return new Answer.Busy();
        }
        try {
            Messages.Request request = Messages.request(seal.openRequest(envelope.get(), body));
            authenticated.run();
            return new Answer.Sealed(
                    seal.sealAnswer(envelope.get(), Messages.reply(reply(request))));
        } catch (KeyringException | ReplayedException | IllegalArgumentException e) {
            LOG.debug("A request for nodes is refused: {}", e.getMessage());
            return new Answer.Refused();
        } finally {
            places.release();
        }
    }

    private Reply reply(Messages.Request request) {
        Command command = Messages.command(request);
        if (command == null) {
            return Reply.failed(
                    new Reply.Failure(Reply.Kind.UNKNOWN_COMMAND, null, request.command(), null));
        }
        Duration time = Duration.ofMillis(Math.max(0, request.millis()));
        return commands.run(
                command, Deadline.after(time.compareTo(MAX_TIME) < 0 ? time : MAX_TIME));
    }

    private static Optional<Envelope> envelope(Function<String, @Nullable String> header) {
        try {
            return Optional.of(
                    new Envelope(
                            UUID.fromString(String.valueOf(header.apply(NodeHeaders.FROM))),
                            UUID.fromString(String.valueOf(header.apply(NodeHeaders.TO))),
                            Instant.ofEpochMilli(
                                    Long.parseLong(String.valueOf(header.apply(NodeHeaders.AT)))),
                            UUID.fromString(String.valueOf(header.apply(NodeHeaders.NONCE)))));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
