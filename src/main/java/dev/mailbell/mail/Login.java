package dev.mailbell.mail;

import org.jspecify.annotations.Nullable;

/**
 * One login at one mail server.
 *
 * @param host name or literal address, as registered; the certificate is checked against it
 * @param port 1 to 65,535
 * @param username without control characters
 * @param verifyCertificate false accepts any certificate
 * @param caPem certificates to trust besides the platform's, PEM; null for none
 * @param identify IMAP: whether to send ID before the login (RFC 2971); null where it is offered
 */
public record Login(
        Protocol protocol,
        String host,
        int port,
        Security security,
        String username,
        Credential credential,
        boolean verifyCertificate,
        @Nullable String caPem,
        @Nullable Boolean identify) {

    public Login(
            Protocol protocol,
            String host,
            int port,
            Security security,
            String username,
            Credential credential,
            boolean verifyCertificate,
            @Nullable String caPem) {
        this(protocol, host, port, security, username, credential, verifyCertificate, caPem, null);
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
}
