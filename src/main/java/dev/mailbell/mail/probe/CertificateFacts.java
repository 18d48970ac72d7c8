package dev.mailbell.mail.probe;

import dev.mailbell.mail.text.ServerText;
import dev.mailbell.network.tls.KeyPin;
import java.security.cert.Certificate;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A certificate of a server.
 *
 * @param names the hosts that it is for, 50 at most
 * @param pin the SHA-256 of its key, as {@code tls.pinSha256} takes it
 */
public record CertificateFacts(
        String subject,
        String issuer,
        List<String> names,
        String validFrom,
        String validUntil,
        String key,
        String pin) {
    private static final int CHAIN_SHOWN = 10;
    private static final int NAMES_SHOWN = 50;
    private static final int TEXT = 200;
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    static List<CertificateFacts> of(Certificate[] chain) {
        List<CertificateFacts> result = new ArrayList<>();
        for (Certificate certificate : chain) {
            if (certificate instanceof X509Certificate x509 && result.size() < CHAIN_SHOWN) {
                result.add(of(x509));
            }
        }
        return result;
    }

    private static CertificateFacts of(X509Certificate certificate) {
        return new CertificateFacts(
                shown(certificate.getSubjectX500Principal().getName()),
                shown(certificate.getIssuerX500Principal().getName()),
                names(certificate),
                certificate.getNotBefore().toInstant().toString(),
                certificate.getNotAfter().toInstant().toString(),
                key(certificate),
                KeyPin.of(certificate).base64());
    }

    private static String key(X509Certificate certificate) {
        return switch (certificate.getPublicKey()) {
            case RSAPublicKey rsa -> "RSA " + rsa.getModulus().bitLength();
            case ECPublicKey ec -> "EC " + ec.getParams().getOrder().bitLength();
            default -> certificate.getPublicKey().getAlgorithm();
        };
    }

    private static List<String> names(X509Certificate certificate) {
        @Nullable Collection<List<?>> names;
        try {
            names = certificate.getSubjectAlternativeNames();
        } catch (CertificateParsingException e) {
            return List.of();
        }
        return names == null
                ? List.of()
                : names.stream()
                        .filter(name -> isHost(name.getFirst()))
                        .limit(NAMES_SHOWN)
                        .map(name -> shown(String.valueOf(name.get(1))))
                        .toList();
    }

    private static boolean isHost(@Nullable Object type) {
        return Objects.equals(type, DNS_NAME) || Objects.equals(type, IP_ADDRESS);
    }

    private static String shown(String text) {
        return ServerText.oneLine(text, TEXT);
    }
}
