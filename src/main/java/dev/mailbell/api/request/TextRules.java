package dev.mailbell.api.request;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** The rules for strings in requests. */
public final class TextRules {
    private TextRules() {}

    /** The error of a text that must be one line; the message never quotes the text. */
    static Optional<String> lineError(String text, int maxLength) {
        if (text.isBlank()) {
            return Optional.of("must not be empty");
        }
        if (text.codePoints().anyMatch(TextRules::isControl)) {
            return Optional.of("must not have line breaks or other control characters");
        }
        return lengthError(text, maxLength);
    }

    /** The error of a text that may have several lines; the message never quotes the text. */
    static Optional<String> textError(String text, int maxLength) {
        if (text.codePoints().anyMatch(c -> isControl(c) && c != '\n' && c != '\r' && c != '\t')) {
            return Optional.of("must not have control characters");
        }
        return lengthError(text, maxLength);
    }

    private static Optional<String> lengthError(String text, int maxLength) {
        if (text.codePoints().anyMatch(TextRules::isLoneSurrogate)) {
            return Optional.of("must not have half a surrogate pair");
        }
        int length = text.codePointCount(0, text.length());
        return length > maxLength
                ? Optional.of("must have at most " + maxLength + " characters, not " + length)
                : Optional.empty();
    }

    // Some programs end a line at U+2028 and U+2029 too.
    private static boolean isControl(int c) {
        return Character.isISOControl(c) || c == 0x2028 || c == 0x2029;
    }

    private static boolean isLoneSurrogate(int c) {
        return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    }

    /** A name from a request, cut to 64 characters without control characters, for messages. */
    public static String shown(String name) {
        StringBuilder text = new StringBuilder();
        name.codePoints()
                .limit(64)
                .map(c -> isControl(c) || isLoneSurrogate(c) ? '?' : c)
                .forEach(text::appendCodePoint);
        return text.toString();
    }

    /** The known name nearest to {@code name}; empty when none is near. */
    static Optional<String> nearest(String name, Collection<String> known) {
        if (name.length() > 64) {
            return Optional.empty();
        }
        return known.stream()
                .filter(candidate -> distance(name, candidate) <= Math.max(1, name.length() / 3))
                .min(Comparator.comparingInt(candidate -> distance(name, candidate)));
    }

    /** The Levenshtein distance, ignoring case. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                boolean same =
                        Character.toLowerCase(a.charAt(i - 1))
                                == Character.toLowerCase(b.charAt(j - 1));
                int replaced = diagonal + (same ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
