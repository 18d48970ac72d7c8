package dev.mailbell.bench.tls;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.tls.TlsContexts;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Provider;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** Connects, performs the handshake with name and chain verified, and reads the greeting. */
abstract class Client {
    /** Handshakes that resumed a session. */
    final AtomicLong resumed = new AtomicLong();

    abstract SSLSocket wrap(Socket plain, String host, int port) throws IOException;

    final SSLSocket connect(String host, int port) throws IOException {
        Socket plain = new Socket();
        plain.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        plain.setTcpNoDelay(true);
        long begun = System.currentTimeMillis();
        SSLSocket socket = wrap(plain, host, port);
        int length = ServerProcess.GREETING.length();
        if (socket.getInputStream().readNBytes(length).length < length) {
            throw new EOFException("no greeting");
        }
        // A resumed session keeps the time when it was made first, but not to the millisecond
        // with every provider.
        if (socket.getSession().getCreationTime() < begun - 2_000) {
            resumed.incrementAndGet();
        }
        return socket;
    }

    /** What Mailbell does: {@link TlsContexts}. */
    static Client ofMailbell(X509Certificate certificate) throws CertificateEncodingException {
        TlsContexts contexts = new TlsContexts(new Watchdog());
        String pem =
                "-----BEGIN CERTIFICATE-----\n"
                        + Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
                        + "\n-----END CERTIFICATE-----\n";
        return new Client() {
            @Override
            SSLSocket wrap(Socket plain, String host, int port) throws IOException {
                Deadline deadline = Deadline.after(Duration.ofMinutes(1));
                return contexts.wrap(plain, host, port, true, pem, deadline);
            }
        };
    }

    /** The same with one context of another provider. */
    static Client of(Provider provider, X509Certificate certificate)
            throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry("server", certificate);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX", "SunJSSE");
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS", provider);
        context.init(null, trust.getTrustManagers(), null);
        context.getClientSessionContext().setSessionCacheSize(20_000);
        return new Client() {
            @Override
            SSLSocket wrap(Socket plain, String host, int port) throws IOException {
                SSLSocket socket =
                        (SSLSocket)
                                context.getSocketFactory().createSocket(plain, host, port, true);
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                parameters.setServerNames(List.of(new SNIHostName(host)));
                socket.setSSLParameters(parameters);
                socket.startHandshake();
                return socket;
            }
        };
    }
}
