package dev.mailbell.api.http.connector;

import dev.mailbell.config.HttpConfig.TlsFiles;
import dev.mailbell.config.reload.FileWatch;
import dev.mailbell.network.tls.ServerCertificate;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate of the TLS listener. It is read again when its files change; connections under
 * way keep the one that they began with. Files with a fault are refused and change nothing.
 */
final class ServedCertificate implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServedCertificate.class);

    private final TlsFiles files;
    private final SslContextFactory.Server contexts = new SslContextFactory.Server();
    private final FileWatch watch;

    /**
     * @throws IllegalArgumentException naming the file and its fault
     */
    ServedCertificate(TlsFiles files) {
        this.files = files;
        contexts.setIncludeProtocols("TLSv1.3", "TLSv1.2");
        contexts.setRenegotiationAllowed(false);
        use(contexts, read());
        // Begun after the first reading: what changed before it was read is read once more.
        this.watch = FileWatch.start(List.of(files.certificate(), files.key()), this::readAgain);
    }

    /** The TLS contexts that always have the certificate in effect. */
    SslContextFactory.Server contexts() {
        return contexts;
    }

    private ServerCertificate read() {
        ServerCertificate certificate = ServerCertificate.read(files.certificate(), files.key());
        if (certificate.expiry().isBefore(Instant.now())) {
            LOG.warn(
                    "The certificate in {} expired at {}: clients refuse it",
                    files.certificate(),
                    certificate.expiry());
        }
        return certificate;
    }

    private static void use(SslContextFactory contexts, ServerCertificate certificate) {
        // The store is in memory alone; its format wants a password.
        String password = UUID.randomUUID().toString();
        contexts.setKeyStore(certificate.keyStore(password.toCharArray()));
        contexts.setKeyManagerPassword(password);
    }

    /** Reads the files again; a fault is logged. */
    synchronized void readAgain() {
        try {
            ServerCertificate certificate = read();
            contexts.reload(current -> use(current, certificate));
            LOG.info(
                    "The certificate in {} is in effect, until {}",
                    files.certificate(),
                    certificate.expiry());
        } catch (IllegalArgumentException e) {
            LOG.warn(
                    "The certificate read again is refused and the old one stays: {}",
                    e.getMessage());
        } catch (Exception e) {
            LOG.error("The certificate could not be read again and the old one stays", e);
        }
    }

    @Override
    public void close() {
        watch.close();
    }
}
