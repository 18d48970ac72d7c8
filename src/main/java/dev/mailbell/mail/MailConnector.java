package dev.mailbell.mail;

import dev.mailbell.network.AddressGuard;
import dev.mailbell.network.BlockedAddressException;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.GuardedSockets;
import dev.mailbell.network.TlsContexts;
import dev.mailbell.network.TlsException;
import dev.mailbell.network.Watchdog;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Opens connections to mail servers: through the address guard, with TLS where the login asks for
 * it, and with limits on time and bytes that no server can stretch.
 */
public final class MailConnector {
    private final AddressGuard guard;
    private final GuardedSockets sockets;
    private final TlsContexts tls;
    private final Watchdog watchdog;
    private final LongAnswers longAnswers =
            new LongAnswers(Runtime.getRuntime().availableProcessors());

    public MailConnector(AddressGuard guard, TlsContexts tls, Watchdog watchdog) {
        this.guard = guard;
        this.sockets = new GuardedSockets(guard);
        this.tls = tls;
        this.watchdog = watchdog;
    }

    /**
     * Connects, and shakes hands when TLS begins with the first byte; for STARTTLS the caller
     * upgrades with {@link LimitedSocket#startTls()} before it says anything secret.
     *
     * @param deadline when the connection is cut, whatever it is at
     * @param byteBudget how many octets the server may send before its answer counts as endless
     * @throws MailFailure blocked_address, connect_failed, tls_failed or timeout
     */
    public LimitedSocket open(Login login, Deadline deadline, long byteBudget) {
        if (login.security() == Security.NONE && !guard.allowsCleartext(login.host())) {
            throw new MailFailure(
                    FailureCode.TLS_FAILED,
                    "clear text to "
                            + login.host()
                            + " is refused: use \"tls\" or \"starttls\", or ask the operator to name"
                            + " the host in network.allowCleartext");
        }
        String where = login.host() + ":" + login.port();
        Socket raw;
        try {
            raw = sockets.connect(login.host(), login.port(), deadline);
        } catch (IOException e) {
            throw connectFailure(where, e);
        }
        LimitedSocket socket = limited(raw, login, deadline, byteBudget);
        if (login.security() == Security.TLS) {
            socket.shakeHands();
        }
        return socket;
    }

    private LimitedSocket limited(Socket raw, Login login, Deadline deadline, long byteBudget) {
        try {
            return new LimitedSocket(
                    raw, login, tls, watchdog, longAnswers.turn(), deadline, byteBudget);
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

    private static MailFailure connectFailure(String where, IOException e) {
        String said = String.valueOf(e.getMessage());
        return switch (e) {
            case BlockedAddressException _ -> new MailFailure(FailureCode.BLOCKED_ADDRESS, said, e);
            case SocketTimeoutException _ ->
                    new MailFailure(
                            FailureCode.TIMEOUT, where + " did not take the connection in time", e);
            case UnknownHostException _ ->
                    new MailFailure(FailureCode.CONNECT_FAILED, said + ": check the host", e);
            default -> new MailFailure(FailureCode.CONNECT_FAILED, refusal(where, said), e);
        };
    }

    private static String refusal(String where, String said) {
        String text = said.toLowerCase(Locale.ROOT);
        if (text.contains("refused")) {
            return where + " refused the connection: check host and port";
        }
        return text.contains("unreachable") || text.contains("no route")
                ? where + " cannot be reached from here"
                : "no connection to " + said;
    }

    /** What a failed handshake means. */
    static MailFailure handshakeFailure(Login login, Exception e) {
        String where = login.host() + ":" + login.port();
        if (e instanceof SocketTimeoutException) {
            return new MailFailure(
                    FailureCode.TIMEOUT, where + " did not finish the TLS handshake in time", e);
        }
        return new MailFailure(
                FailureCode.TLS_FAILED,
                "no TLS with " + where + ": " + e.getMessage() + hint(e),
                e);
    }

    private static String hint(@Nullable Exception e) {
        if (!(e instanceof TlsException failure)) {
            return "";
        }
        return switch (failure.reason()) {
            case UNKNOWN_AUTHORITY -> "; name its authority in caPem if it is to be trusted";
            case NAME_MISMATCH -> "; use a host name that the certificate holds";
            case HANDSHAKE -> "; check port and security";
            case EXPIRED, NOT_YET_VALID, BAD_CERTIFICATE -> "";
        };
    }
}
