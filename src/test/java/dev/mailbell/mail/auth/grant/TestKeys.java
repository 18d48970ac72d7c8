package dev.mailbell.mail.auth.grant;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** Keys of apps, made for the run. */
public final class TestKeys {
    public static final KeyPair RSA = pair("RSA", 2_048);
    public static final KeyPair EC = pair("EC", 256);
    public static final String RSA_PEM = pem(RSA);
    public static final String EC_PEM = pem(EC);

    private TestKeys() {}

    public static KeyPair pair(String algorithm, int bits) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            generator.initialize(bits);
            return generator.generateKeyPair();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The private key in PKCS #8. */
    public static String pem(KeyPair keys) {
        return "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'})
                        .encodeToString(keys.getPrivate().getEncoded())
                + "\n-----END PRIVATE KEY-----\n";
    }
}
