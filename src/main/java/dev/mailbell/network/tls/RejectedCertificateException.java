package dev.mailbell.network.tls;

import dev.mailbell.network.tls.TlsException.Reason;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A certificate that was not trusted, with a readable reason and the certificate's names, which
 * JSSE's own message omits.
 */
final class RejectedCertificateException extends CertificateException {
    private static final int NAMES_SHOWN = 5;
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    private final Reason reason;

    private RejectedCertificateException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    static RejectedCertificateException of(X509Certificate[] chain, CertificateException refusal) {
        X509Certificate leaf = chain[0];
        Reason reason = reason(refusal);
        String message =
                switch (reason) {
                    case EXPIRED ->
                            "the server's certificate has expired (valid until "
                                    + firstEnd(chain)
                                    + ")";
                    case NOT_YET_VALID ->
                            "the server's certificate is valid only from "
                                    + leaf.getNotBefore().toInstant();
                    case UNKNOWN_AUTHORITY ->
                            leaf.getIssuerX500Principal().equals(leaf.getSubjectX500Principal())
                                    ? "the server's certificate is self-signed"
                                    : "the server's certificate was issued by an unknown authority ("
                                            + clean(leaf.getIssuerX500Principal().getName())
                                            + ")";
                    case NAME_MISMATCH -> "the server's certificate is for " + names(leaf);
                    case BAD_CERTIFICATE, WRONG_KEY, HANDSHAKE ->
                            "the server's certificate is not acceptable: "
                                    + clean(String.valueOf(refusal.getMessage()));
                };
        return new RejectedCertificateException(reason, message, refusal);
    }

    private static Reason reason(CertificateException refusal) {
        boolean path = false;
        for (Throwable t = refusal; t != null; t = t.getCause()) {
            if (t instanceof CertificateExpiredException) {
                return Reason.EXPIRED;
            }
            if (t instanceof CertificateNotYetValidException) {
                return Reason.NOT_YET_VALID;
            }
            path |= t instanceof CertPathBuilderException;
        }
        if (path) {
            return Reason.UNKNOWN_AUTHORITY;
        }
        // JSSE has no exception type for a name mismatch. It checks the name last, with a message
        // "No subject alternative …" or "No name matching …" and no cause.
        String message = String.valueOf(refusal.getMessage());
        return refusal.getCause() == null && message.startsWith("No ")
                ? Reason.NAME_MISMATCH
                : Reason.BAD_CERTIFICATE;
    }

    private static String firstEnd(X509Certificate[] chain) {
        return List.of(chain).stream()
                .map(certificate -> certificate.getNotAfter().toInstant())
                .min(Comparator.naturalOrder())
                .map(Object::toString)
                .orElse("?");
    }

    private static String names(X509Certificate leaf) {
        List<String> names = alternativeNames(leaf);
        if (names.isEmpty()) {
            return "no host name at all (subject "
                    + clean(leaf.getSubjectX500Principal().getName())
                    + ")";
        }
        String shown = String.join(", ", names.subList(0, Math.min(NAMES_SHOWN, names.size())));
        int more = names.size() - NAMES_SHOWN;
        return more > 0 ? shown + " and " + more + " more" : shown;
    }

    private static List<String> alternativeNames(X509Certificate leaf) {
        @Nullable Collection<List<?>> names;
        try {
            names = leaf.getSubjectAlternativeNames();
        } catch (CertificateParsingException e) {
            return List.of();
        }
        return names == null
                ? List.of()
                : names.stream()
                        .filter(name -> isHost(name.getFirst()))
                        .map(name -> clean(String.valueOf(name.get(1))))
                        .toList();
    }

    private static boolean isHost(@Nullable Object type) {
        return Objects.equals(type, DNS_NAME) || Objects.equals(type, IP_ADDRESS);
    }

    /** The server's text made printable and at most 120 characters long. */
    private static String clean(String text) {
        String printable = text.replaceAll("[^\\p{Print}]", "?");
        return printable.length() > 120 ? printable.substring(0, 120) + "…" : printable;
    }

    Reason reason() {
        return reason;
    }
}
