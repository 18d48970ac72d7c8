package dev.mailbell.mail.scripted;

import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

/** The TLS side of servers in tests, with a certificate for 127.0.0.1 and localhost. */
public final class TestTls {
    private static final HeldCertificate CERTIFICATE =
            new HeldCertificate.Builder()
                    .commonName("localhost")
                    .addSubjectAlternativeName("localhost")
                    .addSubjectAlternativeName("127.0.0.1")
                    .build();

    private TestTls() {}

    /** The certificate that a client must trust, in PEM. */
    public static String caPem() {
        return CERTIFICATE.certificatePem();
    }

    /** The server's private key, PKCS #8 in PEM. */
    public static String privateKeyPem() {
        return CERTIFICATE.privateKeyPkcs8Pem();
    }

    /** A context that serves with the certificate. */
    public static SSLContext context() {
        return new HandshakeCertificates.Builder()
                .heldCertificate(CERTIFICATE)
                .build()
                .sslContext();
    }

    static Socket shakeHands(Socket socket) throws IOException {
        SSLSocket secure =
                (SSLSocket) context().getSocketFactory().createSocket(socket, null, true);
        secure.setUseClientMode(false);
        secure.startHandshake();
        return secure;
    }
}
