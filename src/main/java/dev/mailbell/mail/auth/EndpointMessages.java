package dev.mailbell.mail.auth;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes a token endpoint's error texts safe to show. An endpoint may repeat the request's secrets:
 * a text that contains a secret or a part of one, in any usual encoding, is dropped as a whole.
 */
final class EndpointMessages {
    private static final int LONGEST = 200;
    private static final int LONGEST_READ = 1_000;
    // Only parts with digits are compared, because ordinary words may occur in a secret by chance.
    private static final Pattern PART = Pattern.compile("(?=\\p{L}*\\p{N})[\\p{L}\\p{N}]{4,}");
    private static final int PIECE = 8;
    private static final Pattern CODE = Pattern.compile("[A-Za-z0-9_.-]{1,64}");
    private static final Pattern BLANKS = Pattern.compile("[\\p{Z}\\p{C}]+");
    private static final Pattern TOKEN = Pattern.compile("[^ ]{40,}");
    private static final Pattern MARKS = Pattern.compile("[^\\p{L}\\p{N}]+");
    private static final Pattern BROKEN_ESCAPE = Pattern.compile("%(?![0-9A-Fa-f]{2})");

    private final List<String> secrets;

    /**
     * @param grant the grant whose secrets are never shown
     */
    EndpointMessages(OAuthGrant grant) {
        List<String> forms = new ArrayList<>(forms(grant.refreshToken()));
        String clientSecret = grant.clientSecret();
        if (clientSecret != null) {
            forms.addAll(forms(clientSecret));
            // The encoding of HTTP Basic.
            forms.add(bare(base64(grant.clientId() + ":" + clientSecret)));
        }
        secrets = List.copyOf(forms);
    }

    /** The secret itself and its encodings, each without marks and in lower case. */
    private static List<String> forms(String secret) {
        return Stream.of(
                        secret,
                        base64(secret),
                        HexFormat.of().formatHex(secret.getBytes(StandardCharsets.UTF_8)),
                        new StringBuilder(secret).reverse().toString())
                .map(EndpointMessages::bare)
                .filter(form -> !form.isEmpty())
                .toList();
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String bare(String text) {
        return MARKS.matcher(text).replaceAll("").toLowerCase(Locale.ROOT);
    }

    /** An error's codes in brackets, with a blank before; empty when none can be shown. */
    String codes(TokenError error) {
        List<String> codes =
                Stream.of(
                                Optional.of(error.code()),
                                Optional.ofNullable(error.subtype()),
                                error.microsoftCode())
                        .flatMap(Optional::stream)
                        .filter(code -> CODE.matcher(code).matches())
                        .filter(code -> TokenError.isKnown(code) || !holdsSecret(code))
                        .toList();
        return codes.isEmpty() ? "" : " (" + String.join(", ", codes) + ")";
    }

    /** A text on one line, at most 200 characters; empty if it may contain a secret. */
    Optional<String> text(@Nullable String text) {
        if (text == null || text.length() > LONGEST_READ) {
            return Optional.empty();
        }
        String line = BLANKS.matcher(text).replaceAll(" ").strip();
        if (line.isEmpty() || holdsSecret(line)) {
            return Optional.empty();
        }
        String shown = TOKEN.matcher(line).replaceAll("…").replace('"', '\'');
        return Optional.of(
                shown.codePointCount(0, shown.length()) <= LONGEST
                        ? shown
                        : shown.substring(0, shown.offsetByCodePoints(0, LONGEST)) + "…");
    }

    private boolean holdsSecret(String text) {
        String decoded =
                URLDecoder.decode(
                        BROKEN_ESCAPE.matcher(text).replaceAll("%25"), StandardCharsets.UTF_8);
        return Stream.of(text, decoded).anyMatch(this::holdsPart);
    }

    private boolean holdsPart(String text) {
        String whole = bare(text);
        if (secrets.stream().anyMatch(whole::contains) || holdsPiece(whole)) {
            return true;
        }
        return MARKS.splitAsStream(text.toLowerCase(Locale.ROOT))
                .filter(part -> PART.matcher(part).matches())
                .anyMatch(part -> secrets.stream().anyMatch(secret -> secret.contains(part)));
    }

    /** Whether the text and a secret have a sequence of {@value #PIECE} characters in common. */
    private boolean holdsPiece(String whole) {
        for (int end = PIECE; end <= whole.length(); end++) {
            String piece = whole.substring(end - PIECE, end);
            if (secrets.stream().anyMatch(secret -> secret.contains(piece))) {
                return true;
            }
        }
        return false;
    }
}
