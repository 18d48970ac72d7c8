package dev.mailbell.network.tls;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a private key from PEM: PKCS#8 (RFC 5208), RSA's own form (PKCS#1, RFC 8017) and that of
 * elliptic curves (SEC 1, RFC 5915). The JDK reads PKCS#8, so the other two are put into it. No
 * message of an exception has a byte of the key.
 */
final class PemKey {
    private static final int SEQUENCE = 0x30;
    private static final int INTEGER = 0x02;
    private static final int OCTETS = 0x04;
    private static final int PARAMETERS = 0xa0;

    /** INTEGER 0, the version of PKCS#8. */
    private static final byte[] VERSION = {INTEGER, 1, 0};

    /** The algorithm's identifier: rsaEncryption with NULL. */
    private static final byte[] RSA = {
        0x06, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 0x05, 0
    };

    /** id-ecPublicKey; the curve follows it. */
    private static final byte[] EC = {0x06, 7, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};

    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

    private PemKey() {}

    /**
     * @throws IllegalArgumentException that says what the text is instead
     */
    static PrivateKey read(String pem) {
        byte @Nullable [] pkcs8 = block(pem, "PRIVATE KEY");
        if (pkcs8 != null) {
            return key(pkcs8);
        }
        byte @Nullable [] rsa = block(pem, "RSA PRIVATE KEY");
        if (rsa != null) {
            return key(pkcs8(RSA, rsa));
        }
        byte @Nullable [] ec = block(pem, "EC PRIVATE KEY");
        if (ec != null) {
            return key(pkcs8(joined(EC, curve(ec, block(pem, "EC PARAMETERS"))), ec));
        }
        throw new IllegalArgumentException(
                pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
                        ? "is encrypted: give it without a passphrase (openssl pkey -in KEY -out PLAIN)"
                        : "has no private key; it starts with -----BEGIN PRIVATE KEY-----");
    }

    /** The content of the first block with this label; null when there is none. */
    private static byte @Nullable [] block(String pem, String label) {
        String begin = "-----BEGIN " + label + "-----";
        int from = pem.indexOf(begin);
        if (from < 0) {
            return null;
        }
        int to = pem.indexOf("-----END " + label + "-----", from);
        if (to < 0) {
            throw new IllegalArgumentException("is cut short: it has no -----END " + label);
        }
        String text = pem.substring(from + begin.length(), to);
        if (text.contains("Proc-Type:")) {
            throw new IllegalArgumentException(
                    "is encrypted: give it without a passphrase (openssl pkey -in KEY -out PLAIN)");
        }
        try {
            return Base64.getMimeDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("is not Base64 between its lines", e);
        }
    }

    private static PrivateKey key(byte[] pkcs8) {
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm)
                        .generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (GeneralSecurityException otherAlgorithm) {
                continue;
            }
        }
        throw new IllegalArgumentException(
                "has a private key that cannot be read; RSA, EC and Ed25519 are known");
    }

    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        return der(SEQUENCE, joined(VERSION, der(SEQUENCE, algorithm), der(OCTETS, key)));
    }

    /** The curve that an EC key names, or that of the block before it. */
    private static byte[] curve(byte[] key, byte @Nullable [] parameters) {
        ByteBuffer fields = ByteBuffer.wrap(key);
        try {
            ByteBuffer inside = content(fields, SEQUENCE);
            content(inside, INTEGER);
            content(inside, OCTETS);
            if (inside.hasRemaining() && (inside.get(inside.position()) & 0xff) == PARAMETERS) {
                ByteBuffer curve = content(inside, PARAMETERS);
                byte[] bytes = new byte[curve.remaining()];
                curve.get(bytes);
                return bytes;
            }
        } catch (IllegalArgumentException | BufferUnderflowException e) {
            throw new IllegalArgumentException("has an EC key that is no DER", e);
        }
        if (parameters == null) {
            throw new IllegalArgumentException("has an EC key that names no curve");
        }
        return parameters;
    }

    /** The content of the next element, behind which the buffer stands then. */
    private static ByteBuffer content(ByteBuffer der, int tag) {
        if ((der.get() & 0xff) != tag) {
            throw new IllegalArgumentException("another element");
        }
        int length = der.get() & 0xff;
        if (length > 0x82) {
            throw new IllegalArgumentException("too long");
        }
        if (length > 0x7f) {
            int octets = length & 0x7f;
            length = 0;
            for (int i = 0; i < octets; i++) {
                length = length << 8 | der.get() & 0xff;
            }
        }
        if (length > der.remaining()) {
            throw new IllegalArgumentException("cut short");
        }
        ByteBuffer content = der.slice(der.position(), length);
        der.position(der.position() + length);
        return content;
    }

    private static byte[] der(int tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (content.length < 0x80) {
            out.write(content.length);
        } else {
            // DER wants the shortest form.
            int octets = content.length < 0x100 ? 1 : content.length < 0x10000 ? 2 : 3;
            out.write(0x80 | octets);
            for (int i = octets - 1; i >= 0; i--) {
                out.write(content.length >> 8 * i);
            }
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
