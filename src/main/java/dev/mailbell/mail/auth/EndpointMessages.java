package dev.mailbell.mail.auth;

import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.mail.text.SecretTraces;
import java.util.List;
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
    private static final Pattern CODE = Pattern.compile("[A-Za-z0-9_.-]{1,64}");
    private static final Pattern BLANKS = Pattern.compile("[\\p{Z}\\p{C}]+");
    private static final Pattern TOKEN = Pattern.compile("[^ ]{40,}");

    private final SecretTraces secrets;

    /**
     * @param grant the grant whose secrets are never shown
     */
    EndpointMessages(TokenGrant grant) {
        secrets = new SecretTraces(grant.secrets());
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
                        .filter(code -> TokenError.isKnown(code) || !secrets.in(code))
                        .toList();
        return codes.isEmpty() ? "" : " (" + String.join(", ", codes) + ")";
    }

    /** A text on one line, at most 200 characters; empty if it may contain a secret. */
    Optional<String> text(@Nullable String text) {
        if (text == null || text.length() > LONGEST_READ) {
            return Optional.empty();
        }
        String line = BLANKS.matcher(text).replaceAll(" ").strip();
        if (line.isEmpty() || secrets.in(line)) {
            return Optional.empty();
        }
        String shown = TOKEN.matcher(line).replaceAll("…").replace('"', '\'');
        return Optional.of(
                shown.codePointCount(0, shown.length()) <= LONGEST
                        ? shown
                        : shown.substring(0, shown.offsetByCodePoints(0, LONGEST)) + "…");
    }
}
