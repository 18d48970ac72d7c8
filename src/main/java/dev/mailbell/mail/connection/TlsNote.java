package dev.mailbell.mail.connection;

import java.security.cert.X509Certificate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** Describes TLS of a connection for people: version, cipher and the server's certificate. */
final class TlsNote {
    private TlsNote() {}

    static String of(SSLSession session) {
        return session.getProtocol() + ", " + session.getCipherSuite() + certificate(session);
    }

    private static String certificate(SSLSession session) {
        try {
            if (session.getPeerCertificates()[0] instanceof X509Certificate shown) {
                return "; certificate of "
                        + shown.getSubjectX500Principal().getName()
                        + " by "
                        + shown.getIssuerX500Principal().getName()
                        + ", valid until "
                        + DateTimeFormatter.ISO_LOCAL_DATE.format(
                                shown.getNotAfter().toInstant().atOffset(ZoneOffset.UTC));
            }
            return "; no X.509 certificate";
        } catch (SSLPeerUnverifiedException e) {
            return "; no certificate";
        }
    }
}
