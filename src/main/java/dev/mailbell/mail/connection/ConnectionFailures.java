package dev.mailbell.mail.connection;

import dev.mailbell.mail.EgressFailure;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.address.BlockedAddressException;
import dev.mailbell.network.socket.ProxyException;
import dev.mailbell.network.tls.TlsException;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Translates the exceptions of a connection into failures for the account's owner. */
final class ConnectionFailures {
    private ConnectionFailures() {}

    /**
     * The failure for an exception of an open connection.
     *
     * @param where host and port
     */
    static MailFailure ofSession(String where, IOException e) {
        return switch (e) {
            case SocketTimeoutException _ ->
                    new MailFailure(FailureCode.TIMEOUT, where + " did not answer in time", e);
            case ByteBudgetException _ ->
                    new MailFailure(FailureCode.PROTOCOL_ERROR, where + " " + e.getMessage(), e);
            case EOFException _ ->
                    new MailFailure(
                            FailureCode.CONNECT_FAILED,
                            where + " closed the connection without an answer",
                            e);
            case SSLException _ ->
                    new MailFailure(
                            FailureCode.TLS_FAILED,
                            "TLS with " + where + " broke: " + e.getMessage(),
                            e);
            default ->
                    new MailFailure(
                            FailureCode.CONNECT_FAILED,
                            "the connection to " + where + " was lost: " + e.getMessage(),
                            e);
        };
    }

    /**
     * The failure for an exception during connecting.
     *
     * @param byEgress whether a way out was used, which the message then names
     */
    static MailFailure ofConnect(String where, boolean byEgress, IOException e) {
        String said = String.valueOf(e.getMessage());
        return switch (e) {
            case ProxyException _ ->
                    new EgressFailure("no connection to " + where + ": " + said, e);
            case BlockedAddressException _ -> new MailFailure(FailureCode.BLOCKED_ADDRESS, said, e);
            case SocketTimeoutException _ ->
                    new MailFailure(
                            FailureCode.TIMEOUT, where + " did not take the connection in time", e);
            case UnknownHostException _ ->
                    new MailFailure(FailureCode.CONNECT_FAILED, said + ": check the host", e);
            default ->
                    new MailFailure(
                            FailureCode.CONNECT_FAILED, byEgress ? said : refusal(where, said), e);
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

    /**
     * The failure for a failed TLS handshake.
     *
     * @param where host and port
     */
    static MailFailure ofHandshake(String where, Exception e) {
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
            case WRONG_KEY ->
                    "; add this pin if the operator of the server confirms it, otherwise the"
                            + " connection may be intercepted";
            case HANDSHAKE -> "; check port and security";
            case EXPIRED, NOT_YET_VALID, BAD_CERTIFICATE -> "";
        };
    }
}
