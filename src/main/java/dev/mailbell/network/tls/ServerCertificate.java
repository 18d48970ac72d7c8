package dev.mailbell.network.tls;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/** The certificate of a server of Mailbell, with its chain and its key. */
public final class ServerCertificate {
    private static final int MAX_BYTES = 256 * 1024;
    private static final String ALIAS = "server";

    private final List<X509Certificate> chain;
    private final PrivateKey key;

    private ServerCertificate(List<X509Certificate> chain, PrivateKey key) {
        this.chain = chain;
        this.key = key;
    }

    /**
     * Reads and checks two PEM files.
     *
     * @param certificate the server's certificate first, then those between it and the authority
     * @param key PKCS#8, PKCS#1 or SEC 1, without a passphrase
     * @throws IllegalArgumentException naming the file and its fault, without a byte of the key
     */
    public static ServerCertificate read(Path certificate, Path key) {
        List<X509Certificate> chain =
                ServerTrust.certificates(text(certificate), certificate.toString()).stream()
                        .map(X509Certificate.class::cast)
                        .toList();
        PrivateKey privateKey;
        try {
            privateKey = PemKey.read(text(key));
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            throw new IllegalArgumentException(
                    message.startsWith(key.toString()) ? message : key + " " + message, e);
        }
        if (!belong(chain.getFirst().getPublicKey(), privateKey)) {
            throw new IllegalArgumentException(
                    key
                            + " is not the key of the first certificate in "
                            + certificate
                            + ": the server's own must come first, and both files belong together");
        }
        return new ServerCertificate(chain, privateKey);
    }

    private static String text(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new IllegalArgumentException(file + " is larger than 256 KiB");
            }
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException("there is no file " + file, e);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(file + " is not text; convert it to PEM", e);
        } catch (IOException e) {
            throw new IllegalArgumentException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Whether the public key verifies what the private one signs. */
    private static boolean belong(PublicKey publicKey, PrivateKey privateKey) {
        String algorithm =
                switch (privateKey.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    case "RSASSA-PSS" -> "RSASSA-PSS";
                    default -> "EdDSA";
                };
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(privateKey);
            signature.update(publicKey.getEncoded());
            byte[] signed = signature.sign();
            signature.initVerify(publicKey);
            signature.update(publicKey.getEncoded());
            return signature.verify(signed);
        } catch (GeneralSecurityException otherAlgorithm) {
            return false;
        }
    }

    /** When clients will no longer accept it. */
    public Instant expiry() {
        return chain.getFirst().getNotAfter().toInstant();
    }

    /** A store in memory with this entry alone. */
    public KeyStore keyStore(char[] password) {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(ALIAS, key, password, chain.toArray(new Certificate[0]));
            return store;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException(
                    "the certificate cannot be used: " + e.getMessage(), e);
        }
    }
}
