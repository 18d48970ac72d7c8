package dev.mailbell.cli.terminal;

/**
 * Text of others in a form that a terminal only shows. Control characters, which could move the
 * cursor, change the title or send keys, are written as escapes, and so are characters that are
 * invisible or change the direction of what follows.
 */
public final class Printable {
    private Printable() {}

    public static String of(String text) {
        int at = 0;
        while (at < text.length() && !isHidden(text, at)) {
            at += Character.charCount(text.codePointAt(at));
        }
        return at == text.length() ? text : escaped(text, at);
    }

    private static String escaped(String text, int from) {
        StringBuilder shown = new StringBuilder(text.length() + 16).append(text, 0, from);
        for (int at = from; at < text.length(); ) {
            int character = text.codePointAt(at);
            int length = Character.charCount(character);
            if (!isHidden(text, at)) {
                shown.appendCodePoint(character);
            } else if (character == '\n') {
                shown.append("\\n");
            } else if (character == '\t') {
                shown.append("\\t");
            } else if (character == '\r') {
                shown.append("\\r");
            } else {
                for (int unit = at; unit < at + length; unit++) {
                    shown.append("\\u%04x".formatted((int) text.charAt(unit)));
                }
            }
            at += length;
        }
        return shown.toString();
    }

    /**
     * JSON with the same meaning. Outside of its strings JSON has no such characters, so that each
     * becomes an escape of JSON.
     */
    public static String json(String json) {
        StringBuilder shown = new StringBuilder(json.length() + 16);
        for (int at = 0; at < json.length(); ) {
            int character = json.codePointAt(at);
            int length = Character.charCount(character);
            if (isHidden(json, at)) {
                for (int unit = at; unit < at + length; unit++) {
                    shown.append("\\u%04x".formatted((int) json.charAt(unit)));
                }
            } else {
                shown.appendCodePoint(character);
            }
            at += length;
        }
        return shown.toString();
    }

    private static boolean isHidden(String text, int at) {
        int character = text.codePointAt(at);
        if (character >= ' ' && character < 0x7f) {
            return false;
        }
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED ->
                    true;
            default -> false;
        };
    }
}
