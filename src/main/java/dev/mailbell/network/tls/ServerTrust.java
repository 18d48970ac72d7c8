package dev.mailbell.network.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Trusts the platform's certificate authorities and, optionally, more; a refusal says why. */
final class ServerTrust extends X509ExtendedTrustManager {
    private static final int LONGEST_PEM = 256 * 1024;

    private final X509ExtendedTrustManager platform;

    private ServerTrust(X509ExtendedTrustManager platform) {
        this.platform = platform;
    }

    /** The authorities that the platform trusts. */
    static ServerTrust ofPlatform() {
        return new ServerTrust(manager(null));
    }

    /**
     * The same and those of {@code caPem}, which may also be a server's own certificate.
     *
     * @throws IllegalArgumentException when {@code caPem} has no readable certificate
     */
    static ServerTrust with(String caPem) {
        Collection<? extends Certificate> extra = certificates(caPem, "caPem");
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            int n = 0;
            for (Certificate authority : manager(null).getAcceptedIssuers()) {
                store.setCertificateEntry("platform-" + n++, authority);
            }
            for (Certificate authority : extra) {
                store.setCertificateEntry("extra-" + n++, authority);
            }
            return new ServerTrust(manager(store));
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException(
                    "the certificates of caPem cannot be trusted: " + e.getMessage(), e);
        }
    }

    static Collection<? extends Certificate> certificates(String caPem, String name) {
        if (caPem.length() > LONGEST_PEM) {
            throw new IllegalArgumentException(name + " is longer than 256 KiB");
        }
        if (caPem.contains("PRIVATE KEY-----")) {
            throw new IllegalArgumentException(
                    name
                            + " holds a private key; give certificates only, and consider the key known");
        }
        if (!caPem.contains("-----BEGIN CERTIFICATE-----")) {
            throw new IllegalArgumentException(
                    name + " has no certificate; it starts with -----BEGIN CERTIFICATE-----");
        }
        try {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificates(
                            new ByteArrayInputStream(caPem.getBytes(StandardCharsets.UTF_8)));
        } catch (CertificateException e) {
            throw new IllegalArgumentException(name + " has a certificate that cannot be read", e);
        }
    }

    private static X509ExtendedTrustManager manager(@Nullable KeyStore store) {
        try {
            TrustManagerFactory factory =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            return Arrays.stream(factory.getTrustManagers())
                    .filter(X509ExtendedTrustManager.class::isInstance)
                    .map(X509ExtendedTrustManager.class::cast)
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("no X.509 trust manager"));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the platform's trusted authorities are unreadable", e);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        try {
            platform.checkServerTrusted(chain, authType, socket);
        } catch (CertificateException e) {
            throw RejectedCertificateException.of(chain, e);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        try {
            platform.checkServerTrusted(chain, authType, engine);
        } catch (CertificateException e) {
            throw RejectedCertificateException.of(chain, e);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        platform.checkServerTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw serversOnly();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw serversOnly();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        throw serversOnly();
    }

    private static CertificateException serversOnly() {
        return new CertificateException("only servers are judged here");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return platform.getAcceptedIssuers();
    }
}
