package dev.mailbell.bench.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The messages of a mailbox for clients that read announced mail: FETCH, STORE and SEARCH of RFC
 * 3501, as far as Jakarta Mail asks. Each message is a line of text.
 */
final class ImapMessages {
    private static final String DATE = "Sat, 21 Nov 2026 07:00:00 +0000";
    private static final String ADDRESSES =
            "((\"Alice\" NIL \"alice\" \"bench.local\")) ".repeat(3)
                    + "((NIL NIL \"user\" \"bench.local\")) NIL NIL NIL";
    private static final Pattern SECTION =
            Pattern.compile(
                    "BODY(?:\\.PEEK)?\\[([^\\]]*)\\](?:<(\\d{1,9})\\.(\\d{1,9})>)?",
                    Pattern.CASE_INSENSITIVE);
    private static final Pattern PARENTHESES = Pattern.compile("\\(([^)]*)\\)");
    private static final String RANGE = "(?:\\d{1,9}|\\*)(?::(?:\\d{1,9}|\\*))?";
    private static final Pattern SET = Pattern.compile(RANGE + "(?:," + RANGE + ")*");

    private final ImapMailbox mailbox;

    ImapMessages(ImapMailbox mailbox) {
        this.mailbox = mailbox;
    }

    /**
     * Untagged answers to FETCH.
     *
     * @param arguments the set of message numbers, a blank, the items
     * @param exists how many messages the session knows of
     */
    String fetch(String arguments, int exists) {
        String[] words = arguments.split(" ", 2);
        StringBuilder answers = new StringBuilder();
        for (int number : numbers(words[0], exists)) {
            answers.append("* ").append(number).append(" FETCH (");
            answers.append(String.join(" ", items(number, words.length > 1 ? words[1] : "")));
            answers.append(")\r\n");
        }
        return answers.toString();
    }

    private List<String> items(int number, String asked) {
        String header = header(number);
        String text = "Hello " + number + "\r\n";
        List<String> items = new ArrayList<>();
        String names = SECTION.matcher(asked).replaceAll("").toUpperCase(Locale.ROOT);
        if (names.contains("UID")) {
            items.add("UID " + ImapMailbox.uid(number));
        }
        if (names.contains("FLAGS")) {
            items.add(flags(number));
        }
        if (names.contains("INTERNALDATE")) {
            items.add("INTERNALDATE \"21-Nov-2026 07:00:00 +0000\"");
        }
        if (names.contains("RFC822.SIZE")) {
            items.add("RFC822.SIZE " + (header.length() + text.length()));
        }
        if (names.contains("ENVELOPE")) {
            items.add(
                    "ENVELOPE (\"%s\" \"mail %d\" %s \"<%d@bench.local>\")"
                            .formatted(DATE, number, ADDRESSES, number));
        }
        if (names.contains("BODYSTRUCTURE")) {
            items.add(
                    "BODYSTRUCTURE (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"us-ascii\") NIL NIL \"7BIT\" %d 1 NIL NIL NIL NIL)"
                            .formatted(text.length()));
        }
        Matcher section = SECTION.matcher(asked);
        while (section.find()) {
            items.add(section(section, header, text));
            if (!section.group().toUpperCase(Locale.ROOT).startsWith("BODY.PEEK")) {
                mailbox.flag(number, Set.of("\\Seen"));
            }
            if (!section.group().toUpperCase(Locale.ROOT).startsWith("BODY.PEEK")) {
                mailbox.flag(number, Set.of("\\Seen"));
            }
            if (!section.group().toUpperCase(Locale.ROOT).startsWith("BODY.PEEK")) {
                mailbox.flag(number, Set.of("\\Seen"));
            }
        }
        return items;
    }

    private static String section(Matcher asked, String header, String text) {
        String name = asked.group(1).toUpperCase(Locale.ROOT);
        String part = name.isEmpty() ? header + text : name.startsWith("HEADER") ? header : text;
        String origin = "";
        if (asked.group(2) != null) {
            int begin = Math.min(Integer.parseInt(asked.group(2)), part.length());
            int length = Math.min(Integer.parseInt(asked.group(3)), part.length() - begin);
            part = part.substring(begin, begin + length);
            origin = "<" + begin + ">";
        }
        return "BODY[" + asked.group(1) + "]" + origin + " {" + part.length() + "}\r\n" + part;
    }

    private static String header(int number) {
        return """
        Message-ID: <%d@bench.local>
        From: Alice <alice@bench.local>
        To: user@bench.local
        Subject: mail %d
        Date: %s
        MIME-Version: 1.0
        Content-Type: text/plain; charset=us-ascii

        """
                .formatted(number, number, DATE)
                .replace("\n", "\r\n");
    }

    /**
     * Untagged answers to STORE, of which only the addition of flags is in the script.
     *
     * @return empty for anything else
     */
    String store(String arguments, int exists) {
        String[] words = arguments.split(" ", 3);
        Matcher flags = PARENTHESES.matcher(arguments);
        if (words.length < 3
                || !words[1].toUpperCase(Locale.ROOT).startsWith("+FLAGS")
                || !flags.find()) {
            return "";
        }
        StringBuilder answers = new StringBuilder();
        for (int number : numbers(words[0], exists)) {
            mailbox.flag(number, Set.of(flags.group(1).split(" ")));
            answers.append("* %d FETCH (%s)\r\n".formatted(number, flags(number)));
        }
        return answers.toString();
    }

    /** The untagged answer to a SEARCH for what was not read; whatever else it asks for holds. */
    String unseen(int exists) {
        StringBuilder answer = new StringBuilder("* SEARCH");
        for (int number : mailbox.unseen(exists)) {
            answer.append(' ').append(number);
        }
        return answer.append("\r\n").toString();
    }

    private String flags(int number) {
        return "FLAGS (" + String.join(" ", new TreeSet<>(mailbox.flags(number))) + ")";
    }

    /** Those of a sequence set (RFC 3501, section 9) that exist; none where it is not one. */
    private static List<Integer> numbers(String set, int exists) {
        List<Integer> numbers = new ArrayList<>();
        if (!SET.matcher(set).matches()) {
            return numbers;
        }
        for (String range : set.replace("*", Integer.toString(exists)).split(",")) {
            String[] ends = range.split(":");
            int first = Integer.parseInt(ends[0]);
            int last = Integer.parseInt(ends[ends.length - 1]);
            for (int number = Math.max(1, Math.min(first, last));
                    number <= Math.min(exists, Math.max(first, last));
                    number++) {
                numbers.add(number);
            }
        }
        return numbers;
    }
}
