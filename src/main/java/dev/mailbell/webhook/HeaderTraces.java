package dev.mailbell.webhook;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Finds the values of headers in a text of the receiver, which may repeat what it was sent, also
 * with the escapes by which JSON, HTML and URLs write marks.
 */
final class HeaderTraces {
    private static final String REDACTED = "[redacted]";

    /** A shorter value is no secret, and would take words out of any text. */
    private static final int SHORTEST = 4;

    /** A shorter part of a value stands in a text by chance. */
    private static final int PART = 6;

    private static final String BASIC = "basic ";

    /** The longest first, because a shorter one may be a part of it. */
    private final List<String> traces;

    private final Map<Character, List<String>> escapes = new HashMap<>();

    HeaderTraces(Collection<String> values) {
        traces =
                values.stream()
                        .flatMap(HeaderTraces::of)
                        .distinct()
                        .sorted(Comparator.comparingInt(String::length).reversed())
                        .toList();
        for (String trace : traces) {
            trace.chars().forEach(c -> escapes.computeIfAbsent((char) c, HeaderTraces::escapes));
        }
    }

    private static Stream<String> of(String value) {
        Stream<String> whole = Stream.of(value).filter(it -> it.length() >= SHORTEST);
        // Such as: Bearer xyz, or: Token token="xyz".
        Stream<String> parts =
                Stream.of(value.split(" "), value.split("[ ,;=\"]"), password(value).split(" "))
                        .flatMap(Stream::of)
                        .filter(part -> part.length() >= PART);
        return Stream.concat(whole, parts);
    }

    /** RFC 7617: the password in a value of Basic authentication; empty where it is another. */
    private static String password(String value) {
        if (!value.toLowerCase(Locale.ROOT).startsWith(BASIC)) {
            return "";
        }
        try {
            byte[] both = Base64.getDecoder().decode(value.substring(BASIC.length()).strip());
            String login = new String(both, StandardCharsets.UTF_8);
            return login.substring(login.indexOf(':') + 1);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    String redact(String text) {
        String rest = text;
        for (String trace : traces) {
            rest = without(trace, rest);
        }
        return rest;
    }

    private String without(String trace, String text) {
        StringBuilder rest = new StringBuilder(text.length());
        int at = 0;
        while (at < text.length()) {
            // A mark that begins escapes may stand for itself.
            int raw = end(trace, text, at, false);
            int end = raw < 0 ? end(trace, text, at, true) : raw;
            if (end < 0) {
                rest.append(text.charAt(at++));
            } else {
                rest.append(REDACTED);
                at = end;
            }
        }
        return rest.toString();
    }

    /** Where the trace that begins at a place of the text ends; -1 when it does not begin there. */
    private int end(String trace, String text, int from, boolean escaped) {
        int at = from;
        for (int i = 0; i < trace.length(); i++) {
            if (at == text.length()) {
                // What is kept of an answer may end within a value.
                return i >= PART ? at : -1;
            }
            at = after(trace.charAt(i), text, at, escaped);
            if (at < 0) {
                return -1;
            }
        }
        return at;
    }

    /**
     * The place after this character of a value; -1 when another one is there.
     *
     * @param escaped whether a mark that may begin an escape does
     */
    private int after(char c, String text, int at, boolean escaped) {
        char there = text.charAt(at);
        boolean mayEscape = !Character.isLetterOrDigit(c) && "\\%&+".indexOf(there) >= 0;
        if (mayEscape && (escaped || there != c)) {
            for (String escape : escapes.getOrDefault(c, List.of())) {
                int length = Math.min(escape.length(), text.length() - at);
                if (text.regionMatches(true, at, escape, 0, length)) {
                    return at + length;
                }
            }
        }
        return there == c ? at + 1 : -1;
    }

    private static List<String> escapes(char c) {
        String hex = "%02x".formatted((int) c);
        String named =
                switch (c) {
                    case '&' -> "&amp;";
                    case '<' -> "&lt;";
                    case '>' -> "&gt;";
                    case '"' -> "&quot;";
                    case '\'' -> "&apos;";
                    case ' ' -> "+";
                    default -> "%" + hex;
                };
        return List.of(
                "\\" + c,
                "\\u%04x".formatted((int) c),
                "%" + hex,
                "&#" + (int) c + ";",
                "&#0" + (int) c + ";",
                "&#x" + hex + ";",
                named);
    }
}
