package dev.mailbell.mail.imap.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Parses parenthesised data (RFC 9051, section 4): atoms, quoted strings, literals, NIL and lists
 * of them. Reads each octet once; lists may be nested {@value #DEPTH} deep.
 */
public final class ParenthesizedData {
    private static final int DEPTH = 16;

    private final String text;
    private int at;

    private ParenthesizedData(String text) {
        this.text = text;
    }

    /** An atom, or the content of a string, as ISO 8859-1. */
    public record Text(String value) {}

    /** A list; NIL is null. */
    public record Group(List<@Nullable Object> items) {

        /** The item after the item of this name, as in {@code (UID 5 FLAGS ())}; null for none. */
        public @Nullable Object value(String name) {
            for (int i = 0; i + 1 < items.size(); i += 2) {
                if (items.get(i) instanceof Text key && key.value().equalsIgnoreCase(name)) {
                    return items.get(i + 1);
                }
            }
            return null;
        }

        /** The number of this name; -1 for none. */
        public long number(String name) {
            return value(name) instanceof Text number ? Numbers.parse(number.value()) : -1;
        }

        /** The item at an index if it is text. */
        public @Nullable String text(int index) {
            return index < items.size() && items.get(index) instanceof Text found
                    ? found.value()
                    : null;
        }
    }

    /** The items of the text, as far as it is well-formed. */
    public static Group parse(String text) {
        ParenthesizedData items = new ParenthesizedData(text);
        Group group = items.group(0);
        return group == null ? new Group(List.of()) : group;
    }

    /** Null if the list is nested too deep or not closed. */
    private @Nullable Group group(int depth) {
        List<@Nullable Object> items = new ArrayList<>();
        while (true) {
            while (at < text.length() && text.charAt(at) == ' ') {
                at++;
            }
            if (at >= text.length()) {
                return depth == 0 ? new Group(items) : null;
            }
            switch (text.charAt(at)) {
                case ')' -> {
                    at++;
                    return new Group(items);
                }
                case '(' -> {
                    at++;
                    Group inner = depth < DEPTH ? group(depth + 1) : null;
                    if (inner == null) {
                        return null;
                    }
                    items.add(inner);
                }
                case '"' -> items.add(new Text(quoted()));
                case '{' -> items.add(new Text(literal()));
                default -> {
                    String atom = atom();
                    items.add(atom.toUpperCase(Locale.ROOT).equals("NIL") ? null : new Text(atom));
                }
            }
        }
    }

    private String quoted() {
        StringBuilder content = new StringBuilder();
        for (at++; at < text.length() && !endsQuoted(); at++) {
            if (text.charAt(at) == '\\' && at + 1 < text.length()) {
                at++;
            }
            content.append(text.charAt(at));
        }
        at++;
        return content.toString();
    }

    /** A quote inside a string should be escaped; the one that ends it has nothing after it. */
    private boolean endsQuoted() {
        return text.charAt(at) == '"'
                && (at + 1 == text.length() || " ()\r\n".indexOf(text.charAt(at + 1)) >= 0);
    }

    private String literal() {
        int close = text.indexOf('}', at);
        long octets = close < 0 ? -1 : Numbers.parse(text.substring(at + 1, close));
        long start = close + 3L;
        if (octets < 0 || octets > text.length() - start) {
            at = text.length();
            return "";
        }
        at = (int) (start + octets);
        return text.substring((int) start, at);
    }

    private String atom() {
        int start = at;
        while (at < text.length() && " ()\"".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        return text.substring(start, at == start ? ++at : at);
    }
}
