package dev.mailbell.mail.connection;

import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.socket.GuardedSockets;
import dev.mailbell.network.tls.TlsContexts;
import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Opens connections to mail servers through the address guard, by the login's way out, with TLS if
 * the login requires it, and with limits on time and bytes.
 */
public final class MailConnector {
    private final AddressGuard guard;
    private final GuardedSockets sockets;
    private final TlsContexts tls;
    private final Watchdog watchdog;
    private final ConnectionObserver observer;
    private final LongResponses longResponses =
            new LongResponses(Runtime.getRuntime().availableProcessors(), System::nanoTime);

    public MailConnector(AddressGuard guard, TlsContexts tls, Watchdog watchdog) {
        this(guard, tls, watchdog, ConnectionObserver.NONE);
    }

    /** With an observer of all its connections. */
    public MailConnector(
            AddressGuard guard, TlsContexts tls, Watchdog watchdog, ConnectionObserver observer) {
        this.guard = guard;
        this.sockets = new GuardedSockets(guard);
        this.tls = tls;
        this.watchdog = watchdog;
        this.observer = observer;
    }

    /**
     * Connects, with a TLS handshake if TLS begins with the first byte; for STARTTLS the caller
     * upgrades with {@link LimitedSocket#startTls()} before it sends a secret.
     *
     * @param deadline when the connection is closed, also during an operation
     * @param byteBudget how many octets the server may send
     * @throws MailFailure blocked_address, connect_failed, tls_failed or timeout; connect_failed
     *     also when this thread's {@link ConnectionGroup} may not connect
     */
    public LimitedSocket open(Login login, Deadline deadline, long byteBudget) {
        return open(login.endpoint(), login, deadline, byteBudget);
    }

    /** The same for a server of any protocol. */
    public LimitedSocket open(Endpoint server, Deadline deadline, long byteBudget) {
        return open(server, null, deadline, byteBudget);
    }

    private LimitedSocket open(
            Endpoint server, @Nullable Login login, Deadline deadline, long byteBudget) {
        if (server.security() == Security.NONE && !guard.allowsCleartext(server.host())) {
            throw new MailFailure(
                    FailureCode.TLS_FAILED,
                    "clear text to "
                            + server.host()
                            + " is refused: use \"tls\" or \"starttls\", or ask the operator to name"
                            + " the host in network.allowCleartext");
        }
        try {
            return connect(server, login, deadline, byteBudget);
        } catch (MailFailure failure) {
            if (server.security() != Security.TLS
                    || failure.code() != FailureCode.TLS_FAILED
                    || !tls.isNameless(server.host(), server.port())) {
                throw failure;
            }
            // The handshake is tried again without the name.
            return connect(server, login, deadline, byteBudget);
        }
    }

    private LimitedSocket connect(
            Endpoint server, @Nullable Login login, Deadline deadline, long byteBudget) {
        ConnectionGroup.requireMayConnect();
        ConnectionGroup group = ConnectionGroup.current().orElse(null);
        if (group != null && login != null) {
            group.connecting(login);
        }
        String where = server.server();
        Socket raw;
        try {
            raw = sockets.connect(server.host(), server.port(), server.egress(), deadline);
        } catch (IOException e) {
            throw ConnectionFailures.ofConnect(where, server.egress() != null, e);
        }
        ConnectionObserver seenBy = group == null ? observer : new ObserverPair(observer, group);
        seenBy.connected(raw.getRemoteSocketAddress());
        LimitedSocket socket = limited(raw, server, login, seenBy, deadline, byteBudget);
        requireMayStayOpen(socket);
        if (server.security() == Security.TLS) {
            socket.shakeHands();
        }
        return socket;
    }

    /** Connecting takes time, in which the group may have been cut. */
    private static void requireMayStayOpen(LimitedSocket socket) {
        boolean stays = false;
        try {
            ConnectionGroup.requireMayConnect();
            stays = true;
        } finally {
            if (!stays) {
                socket.cut();
            }
        }
    }

    private LimitedSocket limited(
            Socket raw,
            Endpoint server,
            @Nullable Login login,
            ConnectionObserver seenBy,
            Deadline deadline,
            long byteBudget) {
        try {
            return new LimitedSocket(
                    raw,
                    server,
                    login,
                    seenBy,
                    tls,
                    watchdog,
                    longResponses.permit(),
                    deadline,
                    byteBudget);
        } catch (RejectedExecutionException stopping) {
            try {
                raw.close();
            } catch (IOException e) {
                stopping.addSuppressed(e);
            }
            throw new MailFailure(
                    FailureCode.CONNECT_FAILED, "the daemon is being stopped", stopping);
        }
    }
}
