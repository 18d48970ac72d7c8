package dev.mailbell.delivery.http;

import dev.mailbell.delivery.http.PostResult.Failed;
import dev.mailbell.delivery.http.PostResult.Kind;
import dev.mailbell.network.address.BlockedAddressException;
import dev.mailbell.network.address.LookupsBusyException;
import dev.mailbell.network.socket.GuardedSockets;
import dev.mailbell.network.socket.ProxyException;
import dev.mailbell.network.socket.ResponseTooLongException;
import dev.mailbell.network.tls.TlsException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import javax.net.ssl.SSLException;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import org.apache.hc.core5.http.NoHttpResponseException;

/** Maps the exception that ended a POST to the kind of its failure. */
final class PostFailures {
    private PostFailures() {}

    /**
     * @param late whether the deadline passed
     * @param timeout of the whole call
     */
    static Failed failed(IOException e, boolean late, Duration timeout, Duration duration) {
        if (Thread.currentThread().isInterrupted()) {
            return new Failed(Kind.LOCAL, "interrupted, because Mailbell stops", duration);
        }
        if (e instanceof ProxyException proxy) {
            return new Failed(Kind.LOCAL, String.valueOf(proxy.getMessage()), duration);
        }
        if (late || e instanceof SocketTimeoutException) {
            return new Failed(
                    Kind.TIMEOUT, "no whole answer within " + timeout.toMillis() + " ms", duration);
        }
        String message = String.valueOf(e.getMessage());
        return switch (e) {
            case BlockedAddressException blocked -> new Failed(Kind.BLOCKED, message, duration);
            case LookupsBusyException busy -> new Failed(Kind.LOCAL, message, duration);
            case ConnectionRequestTimeoutException full ->
                    new Failed(Kind.LOCAL, "all connections are in use", duration);
            case UnknownHostException unknown -> new Failed(Kind.UNKNOWN_HOST, message, duration);
            case TlsException tls -> new Failed(Kind.TLS, message, duration);
            // TLS 1.3: a receiver that wants a client's certificate says so after the handshake.
            case SSLException ended ->
                    new Failed(Kind.TLS, "the receiver ended TLS: " + message, duration);
            case ResponseTooLongException tooLong -> new Failed(Kind.PROTOCOL, message, duration);
            case ConnectException refused -> new Failed(connect(message), message, duration);
            case NoRouteToHostException noRoute -> new Failed(Kind.CONNECT, message, duration);
            case SocketException reset ->
                    new Failed(Kind.DISCONNECTED, "connection lost: " + message, duration);
            case ConnectionClosedException closed ->
                    new Failed(Kind.DISCONNECTED, "closed before the end of the answer", duration);
            case NoHttpResponseException nothing ->
                    new Failed(Kind.DISCONNECTED, "closed without an answer", duration);
            default ->
                    new Failed(
                            Kind.PROTOCOL,
                            "the answer is not HTTP: " + ResponseReader.clean(message, 200),
                            duration);
        };
    }

    private static Kind connect(String message) {
        return GuardedSockets.isOfThisHost(message) ? Kind.LOCAL : Kind.CONNECT;
    }
}
