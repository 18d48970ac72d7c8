package dev.mailbell.routing.node;

import dev.mailbell.cluster.Member;
import dev.mailbell.network.Deadline;
import dev.mailbell.routing.node.NodeSeal.Envelope;
import dev.mailbell.secret.KeyringException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/**
 * Sends commands to other nodes over HTTP/1.1. Their addresses come from the table of nodes. The
 * seal authenticates both sides and hides the content, so that a certificate need not be valid for
 * the address.
 */
public final class NodeClient implements AutoCloseable {
    /** The path at the other node. */
    public static final String PATH = "/internal/v1/commands";

    static final int MAX_REPLY_BYTES = 4 * 1024 * 1024;

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

    /** The other node answers this much earlier than the sender's deadline. */
    private static final Duration RETURN = Duration.ofMillis(300);

    private final NodeSeal seal;
    private final HttpClient http =
            HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .connectTimeout(CONNECT_TIMEOUT)
                    .executor(Executors.newVirtualThreadPerTaskExecutor())
                    .sslContext(anyCertificate())
                    .proxy(HttpClient.Builder.NO_PROXY)
                    .build();

    NodeClient(NodeSeal seal) {
        this.seal = seal;
    }

    /** Why there is no reply. */
    enum Fault {
        /** No connection, or it was lost. */
        UNREACHABLE,
        TIMEOUT,
        /** The other node did not accept the request: another keyset, clock or state. */
        REFUSED
    }

    /** There is no reply. */
    public static final class NoReplyException extends Exception {
        private static final long serialVersionUID = 1L;
        private final Fault fault;

        NoReplyException(Fault fault, String message) {
            super(message, null, false, false);
            this.fault = fault;
        }

        Fault fault() {
            return fault;
        }
    }

    /**
     * Sends a command and waits for the reply, until the deadline.
     *
     * @throws NoReplyException when the command may not have been carried out
     */
    Reply send(Member to, Command command, Deadline deadline) throws NoReplyException {
        URI address = to.address();
        if (address == null) {
            throw new NoReplyException(Fault.UNREACHABLE, "the node has no address");
        }
        try {
            return once(to, address, command, deadline);
        } catch (ConnectionLostException e) {
            // Perhaps only a kept connection that the other node had closed. All commands may be
            // repeated at the same node, except that two logins at once may lock a maildrop.
            if (command instanceof Command.Verify) {
                throw new NoReplyException(Fault.UNREACHABLE, String.valueOf(e.getMessage()));
            }
            try {
                return once(to, address, command, deadline);
            } catch (ConnectionLostException again) {
                throw new NoReplyException(Fault.UNREACHABLE, String.valueOf(again.getMessage()));
            }
        }
    }

    private static final class ConnectionLostException extends Exception {
        private static final long serialVersionUID = 1L;

        ConnectionLostException(Throwable cause) {
            super(
                    cause.getMessage() == null
                            ? cause.getClass().getSimpleName()
                            : cause.getMessage());
        }
    }

    private Reply once(Member to, URI address, Command command, Deadline deadline)
            throws NoReplyException, ConnectionLostException {
        Duration left = deadline.remaining();
        Duration theirs = left.minus(RETURN);
        if (!theirs.isPositive()) {
            throw new NoReplyException(Fault.TIMEOUT, "no time is left");
        }
        Envelope envelope = seal.envelope(to.id());
        byte[] body = seal.sealRequest(envelope, Messages.request(command, theirs));
        HttpRequest request =
                HttpRequest.newBuilder(address.resolve(PATH))
                        .timeout(left)
                        .header("Content-Type", "application/octet-stream")
                        .header(NodeHeaders.FROM, envelope.from().toString())
                        .header(NodeHeaders.TO, envelope.to().toString())
                        .header(NodeHeaders.AT, Long.toString(envelope.at().toEpochMilli()))
                        .header(NodeHeaders.NONCE, envelope.nonce().toString())
                        .POST(BodyPublishers.ofByteArray(body))
                        .build();
        HttpResponse<byte[]> response = exchange(request, deadline);
        if (response.statusCode() != 200) {
            throw new NoReplyException(Fault.REFUSED, "the node answered " + response.statusCode());
        }
        try {
            return Messages.reply(seal.openAnswer(envelope, response.body()));
        } catch (KeyringException | IllegalArgumentException e) {
            throw new NoReplyException(Fault.REFUSED, "the answer is not that of the node");
        }
    }

    private HttpResponse<byte[]> exchange(HttpRequest request, Deadline deadline)
            throws NoReplyException, ConnectionLostException {
        CompletableFuture<HttpResponse<byte[]>> response =
                http.sendAsync(
                        request,
                        BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_REPLY_BYTES));
        try {
            return response.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new NoReplyException(Fault.TIMEOUT, "the node did not answer in time");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NoReplyException(Fault.TIMEOUT, "the request was broken off");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof HttpTimeoutException
                    && !(cause instanceof HttpConnectTimeoutException)) {
                throw new NoReplyException(Fault.TIMEOUT, "the node did not answer in time");
            }
            if (cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException) {
                throw new NoReplyException(Fault.UNREACHABLE, "the node accepts no connection");
            }
            if (cause instanceof IOException) {
                throw new ConnectionLostException(cause);
            }
            throw new IllegalStateException("a request to a node failed", cause);
        } finally {
            response.cancel(true);
        }
    }

    private static SSLContext anyCertificate() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new AnyCertificate()}, new SecureRandom());
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has TLS", e);
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
