package dev.mailbell.mail.auth.grant;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A private key that signs JWTs: an RSA key by RS256, an elliptic curve's by ES256 or ES384. Two
 * keys are equal when their texts are.
 */
public final class SigningKey {
    private static final Pattern KEY = block("PRIVATE KEY");
    private static final Pattern CERTIFICATE = block("CERTIFICATE");
    private static final int MIN_RSA_BITS = 2_048;

    private final String pem;
    private final @Nullable String keyId;
    private final JWSSigner signer;
    private final JWSAlgorithm algorithm;
    private final @Nullable Base64URL thumbprint;

    private SigningKey(
            String pem,
            @Nullable String keyId,
            JWSSigner signer,
            JWSAlgorithm algorithm,
            @Nullable Base64URL thumbprint) {
        this.pem = pem;
        this.keyId = keyId;
        this.signer = signer;
        this.algorithm = algorithm;
        this.thumbprint = thumbprint;
    }

    private static Pattern block(String name) {
        return Pattern.compile(
                "-----BEGIN " + name + "-----([A-Za-z0-9+/=\\s]+)-----END " + name + "-----");
    }

    /**
     * @param pem a private key in PKCS #8; a certificate beside it is named in the header of each
     *     JWT by its thumbprint, as Microsoft wants it
     * @param keyId the header's {@code kid}; null for none
     * @throws IllegalArgumentException with a message that continues the name of the field and
     *     contains nothing of the key
     */
    public static SigningKey of(String pem, @Nullable String keyId) {
        byte[] encoded =
                decoded(KEY, pem)
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        "must be PEM with a block \"BEGIN PRIVATE KEY\" (PKCS #8);"
                                                + " openssl pkcs8 -topk8 -nocrypt converts others"));
        PrivateKey key = privateKey(encoded);
        @Nullable Base64URL thumbprint =
                decoded(CERTIFICATE, pem).map(SigningKey::thumbprint).orElse(null);
        if (key instanceof RSAPrivateKey rsa) {
            if (rsa.getModulus().bitLength() < MIN_RSA_BITS) {
                throw new IllegalArgumentException("must have at least 2048 bits");
            }
            return new SigningKey(
                    pem, keyId, new RSASSASigner(key), JWSAlgorithm.RS256, thumbprint);
        }
        try {
            ECDSASigner signer = new ECDSASigner((ECPrivateKey) key);
            JWSAlgorithm algorithm = signer.supportedECDSAAlgorithm();
            return new SigningKey(pem, keyId, signer, algorithm, thumbprint);
        } catch (JOSEException e) {
            throw new IllegalArgumentException("must be on the curve P-256, P-384 or P-521");
        }
    }

    private static Optional<byte[]> decoded(Pattern block, String pem) {
        Matcher found = block.matcher(pem);
        if (!found.find()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Base64.getMimeDecoder().decode(found.group(1)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Without causes, which may quote the key. */
    private static PrivateKey privateKey(byte[] encoded) {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(encoded);
        for (String algorithm : new String[] {"RSA", "EC"}) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (GeneralSecurityException e) {
                // Of the other algorithm, or no key.
                continue;
            }
        }
        throw new IllegalArgumentException("holds no RSA or EC private key that can be read");
    }

    private static Base64URL thumbprint(byte[] encoded) {
        try {
            byte[] certificate =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(encoded))
                            .getEncoded();
            return Base64URL.encode(MessageDigest.getInstance("SHA-256").digest(certificate));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("holds a certificate that cannot be read");
        }
    }

    /** Signs a JWT. */
    public SignedJWT sign(JWTClaimsSet claims) {
        JWSHeader header =
                new JWSHeader.Builder(algorithm)
                        .type(JOSEObjectType.JWT)
                        .keyID(keyId)
                        .x509CertSHA256Thumbprint(thumbprint)
                        .build();
        SignedJWT jwt = new SignedJWT(header, claims);
        try {
            jwt.sign(signer);
        } catch (JOSEException e) {
            throw new IllegalStateException("the private key of an app does not sign", e);
        }
        return jwt;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SigningKey key
                && pem.equals(key.pem)
                && Objects.equals(keyId, key.keyId);
    }

    @Override
    public int hashCode() {
        return pem.hashCode();
    }

    @Override
    public String toString() {
        return "SigningKey[redacted]";
    }
}
