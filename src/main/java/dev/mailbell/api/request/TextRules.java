package dev.mailbell.api.request;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** What strings of a request may hold. */
public final class TextRules {
    private TextRules() {}

    /** What is wrong with a text of one line; the message never quotes it. */
    static Optional<String> faultOfLine(String text, int longest) {
        if (text.isBlank()) {
            return Optional.of("must not be empty");
        }
        if (text.codePoints().anyMatch(TextRules::isControl)) {
            return Optional.of("must not have line breaks or other control characters");
        }
        return faultOfLength(text, longest);
    }

    /** What is wrong with a text that may have several lines; the message never quotes it. */
    static Optional<String> faultOfText(String text, int longest) {
        if (text.codePoints().anyMatch(c -> isControl(c) && c != '\n' && c != '\r' && c != '\t')) {
            return Optional.of("must not have control characters");
        }
        return faultOfLength(text, longest);
    }

    private static Optional<String> faultOfLength(String text, int longest) {
        if (text.codePoints().anyMatch(TextRules::isLoneSurrogate)) {
            return Optional.of("must not have half a surrogate pair");
        }
        int length = text.codePointCount(0, text.length());
        return length > longest
                ? Optional.of("must have at most " + longest + " characters, not " + length)
                : Optional.empty();
    }

    // Line and paragraph separators end lines too, in some readers.
    private static boolean isControl(int c) {
        return Character.isISOControl(c) || c == 0x2028 || c == 0x2029;
    }

    private static boolean isLoneSurrogate(int c) {
        return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    }

    /** A name from a request, fit to be shown: short and on one line. */
    public static String shown(String name) {
        StringBuilder text = new StringBuilder();
        name.codePoints()
                .limit(64)
                .map(c -> isControl(c) || isLoneSurrogate(c) ? '?' : c)
                .forEach(text::appendCodePoint);
        return text.toString();
    }

    /** The known name that was probably meant; empty when none is near. */
    static Optional<String> nearest(String name, Collection<String> known) {
        if (name.length() > 64) {
            return Optional.empty();
        }
        return known.stream()
                .filter(candidate -> distance(name, candidate) <= Math.max(1, name.length() / 3))
                .min(Comparator.comparingInt(candidate -> distance(name, candidate)));
    }

    /** How many letters to change, add or take away (Levenshtein), whatever their case. */
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
