package dev.mailbell.mail;

import dev.mailbell.network.socket.Egress;
import dev.mailbell.network.tls.TlsTrust;
import org.jspecify.annotations.Nullable;

/**
 * One login at one mail server.
 *
 * @param host name or literal address, as registered; the certificate is checked against it
 * @param port 1 to 65,535
 * @param username without control characters
 * @param tls how the server proves its identity
 * @param egress the way out of its connections; null for direct ones
 * @param identify IMAP: whether to send ID before the login (RFC 2971); null where it is offered
 * @param plainFallback whether the password may be sent in clear text after the server has refused
 *     a better mechanism that it offers
 */
public record Login(
        Protocol protocol,
        String host,
        int port,
        Security security,
        String username,
        Credential credential,
        TlsTrust tls,
        @Nullable Egress egress,
        @Nullable Boolean identify,
        boolean plainFallback) {

    /** A login without pins, by direct connections. */
    public Login(
            Protocol protocol,
            String host,
            int port,
            Security security,
            String username,
            Credential credential,
            boolean verifyCertificate,
            @Nullable String caPem) {
        this(
                protocol,
                host,
                port,
                security,
                username,
                credential,
                new TlsTrust(verifyCertificate, caPem),
                null,
                null,
                false);
    }

    public Login {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port out of range: " + port);
        }
        if (username.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("a control character in the user name");
        }
    }

    /** The host with its port: two servers may share a name. */
    public String server() {
        return host + ":" + port;
    }

    /** The server without the login. */
    public Endpoint endpoint() {
        return new Endpoint(host, port, security, tls, egress);
    }
}
