package dev.mailbell.cli.terminal;

/** How many columns of a terminal a text takes. */
final class DisplayWidth {
    private DisplayWidth() {}

    static int of(String text) {
        return text.codePoints().map(DisplayWidth::ofCharacter).sum();
    }

    /** The beginning of a text that fits, with an ellipsis where something is left out. */
    static String cut(String text, int columns) {
        if (of(text) <= columns) {
            return text;
        }
        StringBuilder shown = new StringBuilder();
        int width = 0;
        for (int at = 0; at < text.length(); ) {
            int character = text.codePointAt(at);
            width += ofCharacter(character);
            if (width > columns - 1) {
                break;
            }
            shown.appendCodePoint(character);
            at += Character.charCount(character);
        }
        return shown.append('…').toString();
    }

    private static int ofCharacter(int character) {
        return switch (Character.getType(character)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK -> 0;
            default -> isWide(character) ? 2 : 1;
        };
    }

    /**
     * The wide blocks of Unicode's East Asian Width, and the pictures, which terminals show wide.
     */
    private static boolean isWide(int character) {
        return character >= 0x1100
                && (character <= 0x115f
                        || character >= 0x2e80 && character <= 0xa4cf && character != 0x303f
                        || character >= 0xac00 && character <= 0xd7a3
                        || character >= 0xf900 && character <= 0xfaff
                        || character >= 0xfe30 && character <= 0xfe6f
                        || character >= 0xff00 && character <= 0xff60
                        || character >= 0xffe0 && character <= 0xffe6
                        || character >= 0x1f300 && character <= 0x1f64f
                        || character >= 0x1f900 && character <= 0x1f9ff
                        || character >= 0x20000 && character <= 0x3fffd);
    }
}
