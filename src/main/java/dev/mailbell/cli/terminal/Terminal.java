package dev.mailbell.cli.terminal;

import java.util.Map;
import java.util.Properties;

/**
 * Where standard output or standard error goes. The launcher, which can ask the system, passes it
 * on as a property.
 *
 * @param columns the width of a terminal; 0 for a file or a pipe
 * @param colour whether colours are wanted; never for a file or a pipe
 */
public record Terminal(int columns, boolean colour) {
    /** A file or a pipe. */
    public static final Terminal NONE = new Terminal(0, false);

    /** Of a terminal whose width is unknown. */
    static final int DEFAULT_COLUMNS = 80;

    private static final int MAX_COLUMNS = 10_000;

    /**
     * @param property the launcher's property: the width, absent unless it is a terminal
     */
    static Terminal of(String property, Properties properties, Map<String, String> environment) {
        String columns = properties.getProperty(property, "");
        if (columns.isEmpty()) {
            return NONE;
        }
        boolean colour =
                environment.getOrDefault("NO_COLOR", "").isEmpty()
                        && !environment.getOrDefault("TERM", "dumb").equals("dumb");
        return new Terminal(width(columns), colour);
    }

    /** A width as {@code stty size} and the launcher give it; 80 when it makes no sense. */
    static int width(String text) {
        String digits = text.strip();
        if (digits.matches("\\d{1,5}")) {
            int columns = Integer.parseInt(digits);
            if (columns > 0 && columns <= MAX_COLUMNS) {
                return columns;
            }
        }
        return DEFAULT_COLUMNS;
    }

    public boolean isTerminal() {
        return columns > 0;
    }

    public Terminal withColumns(int width) {
        return new Terminal(width, colour);
    }

    /** The text in a colour, or as it is. */
    public String paint(Colour with, String text) {
        return colour ? with.escape() + text + "\u001b[0m" : text;
    }

    /** The colours of states. */
    public enum Colour {
        GOOD("32"),
        WAITING("33"),
        BAD("31"),
        FAINT("2"),
        BOLD("1");

        private final String code;

        Colour(String code) {
            this.code = code;
        }

        private String escape() {
            return "\u001b[" + code + "m";
        }
    }
}
