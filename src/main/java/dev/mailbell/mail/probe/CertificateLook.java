package dev.mailbell.mail.probe;

import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.connection.ConnectionObserver;
import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.mail.log.ProtocolLog;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.tls.TlsTrust;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Connects to a server whose certificate is not trusted, to see the certificate. It accepts any,
 * and sends no login.
 */
final class CertificateLook implements ConnectionObserver {
    private final ProtocolLog log;
    private @Nullable SSLSession session;

    CertificateLook(ProtocolLog log) {
        this.log = log;
    }

    /**
     * Connects.
     *
     * @param connector of which this is the observer
     * @return what the server offers before a login
     */
    List<String> at(
            Protocol protocol, Endpoint endpoint, MailConnector connector, Deadline deadline) {
        Endpoint any =
                new Endpoint(
                        endpoint.host(),
                        endpoint.port(),
                        endpoint.security(),
                        new TlsTrust(false, null),
                        endpoint.egress());
        return new Peek(connector, protocol, any, deadline).run();
    }

    /** The TLS session; empty where the handshake fails anyway. */
    Optional<SSLSession> session() {
        return Optional.ofNullable(session);
    }

    @Override
    public void secured(SSLSession secured) {
        session = secured;
        log.secured(secured);
    }

    @Override
    public void sent(byte[] octets, int offset, int length) {
        log.sent(octets, offset, length);
    }

    @Override
    public void received(byte[] octets, int offset, int length) {
        log.received(octets, offset, length);
    }
}
