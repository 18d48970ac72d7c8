package dev.mailbell.cli.mail;

import java.util.Locale;

/**
 * A command of {@code recv}.
 *
 * @param number of a message; 0 for none
 * @param lines of top
 */
record MaildropCommand(Verb verb, int number, int lines) {
    static final String HELP =
            "stat, list [N], uidl [N], top N [LINES], show N, delete N, reset, quit";

    private static final int LINES_OF_TOP = 10;

    /** The words of a command. */
    enum Verb {
        STAT,
        LIST,
        UIDL,
        TOP,
        SHOW,
        DELETE,
        RESET,
        HELP,
        QUIT
    }

    /**
     * Reads a line.
     *
     * @throws UsageException saying what is wrong
     */
    static MaildropCommand parse(String line, boolean mayDelete) {
        String[] words = line.strip().split("\\s+");
        Verb verb =
                switch (words[0].toLowerCase(Locale.ROOT)) {
                    case "stat" -> Verb.STAT;
                    case "list", "ls" -> Verb.LIST;
                    case "uidl" -> Verb.UIDL;
                    case "top" -> Verb.TOP;
                    case "show", "retr" -> Verb.SHOW;
                    case "delete", "dele" -> Verb.DELETE;
                    case "reset", "rset" -> Verb.RESET;
                    case "help", "?" -> Verb.HELP;
                    case "quit", "exit" -> Verb.QUIT;
                    default -> throw new UsageException("which command? " + HELP);
                };
        if (verb == Verb.DELETE && !mayDelete) {
            throw new UsageException("delete needs the option --delete");
        }
        boolean needsNumber = verb == Verb.TOP || verb == Verb.SHOW || verb == Verb.DELETE;
        boolean takesNumber = needsNumber || verb == Verb.LIST || verb == Verb.UIDL;
        int most = verb == Verb.TOP ? 3 : takesNumber ? 2 : 1;
        if (words.length > most || (needsNumber && words.length < 2)) {
            throw new UsageException("it is: " + HELP);
        }
        return new MaildropCommand(
                verb,
                words.length > 1 ? number(words[1], 1) : 0,
                words.length > 2 ? number(words[2], 0) : LINES_OF_TOP);
    }

    private static int number(String word, int least) {
        if (!word.matches("[0-9]{1,9}") || Integer.parseInt(word) < least) {
            throw new UsageException("\"" + word + "\" is not a number of a message or of lines");
        }
        return Integer.parseInt(word);
    }
}
