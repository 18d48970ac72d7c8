package dev.mailbell.mail.imap;

import dev.mailbell.mail.imap.OddImap.AnswerStyle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Odd ways of answering over IMAP, and lies. */
final class OddAnswers {
    private static final String PLAIN = "IMAP4rev1 IDLE UNSELECT";
    private static final String EXTENDED = PLAIN + " ESEARCH LITERAL+";

    private OddAnswers() {}

    private static Arguments odd(String name, String capabilities, AnswerStyle style) {
        return Arguments.of(name, capabilities, style);
    }

    /** Changes each line of the answers to some commands. */
    private static AnswerStyle each(String commands, UnaryOperator<String> change) {
        return (command, lines) ->
                command.matches(commands) ? lines.stream().map(change).toList() : lines;
    }

    /** Puts lines before the answers to some commands. */
    private static AnswerStyle before(String commands, String... more) {
        return (command, lines) -> {
            List<String> said = new ArrayList<>();
            if (command.matches(commands)) {
                said.addAll(List.of(more));
            }
            said.addAll(lines);
            return said;
        };
    }

    private static AnswerStyle without(String commands, Predicate<String> lost) {
        return (command, lines) ->
                command.matches(commands)
                        ? lines.stream().filter(line -> !lost.test(line)).toList()
                        : lines;
    }

    /** Refuses some commands. */
    private static AnswerStyle refusing(String commands, String refusal) {
        return (command, lines) ->
                command.matches(commands)
                        ? List.of(lines.getLast().split(" ", 2)[0] + " " + refusal)
                        : lines;
    }

    /** Says some untagged lines only with the next command's answer. */
    private static AnswerStyle late(Predicate<String> kept) {
        List<String> waiting = new ArrayList<>();
        return (command, lines) -> {
            if (command.matches("GREETING|IDLE|DONE")) {
                return lines;
            }
            List<String> said = new ArrayList<>(waiting);
            waiting.clear();
            for (String line : lines) {
                (line.startsWith("* ") && kept.test(line) ? waiting : said).add(line);
            }
            return said;
        };
    }

    private static boolean isTagged(String line) {
        return !line.startsWith("* ") && !line.startsWith("+");
    }

    static Stream<Arguments> servers() {
        return Stream.of(
                odd("all in lower case", EXTENDED, each(".*", OddAnswers::lower)),
                odd(
                        "words in mixed case",
                        EXTENDED,
                        each(
                                ".*",
                                line ->
                                        line.replace("EXISTS", "Exists")
                                                .replace("SEARCH", "Search")
                                                .replace("STATUS", "Status")
                                                .replace("FETCH", "Fetch")
                                                .replace("UIDNEXT", "UidNext")
                                                .replace("OK ", "Ok "))),
                odd(
                        "untagged answers in reverse",
                        PLAIN,
                        (command, lines) -> {
                            List<String> said = new ArrayList<>(lines.subList(0, lines.size() - 1));
                            if (!command.startsWith("IDLE")) {
                                Collections.reverse(said);
                            }
                            said.add(lines.getLast());
                            return command.startsWith("IDLE") ? lines : said;
                        }),
                odd(
                        "tagged answers without text",
                        EXTENDED,
                        each(
                                "(?!LOGIN).*",
                                line -> isTagged(line) ? line.split(" ", 3)[0] + " OK" : line)),
                odd("lines with blanks at the end", EXTENDED, each(".*", line -> line + "  ")),
                odd(
                        "two blanks behind the star",
                        PLAIN,
                        each(".*", line -> line.replaceFirst("^\\* ", "*  "))),
                odd(
                        "the name in STATUS as a literal",
                        EXTENDED,
                        (command, lines) ->
                                command.startsWith("STATUS")
                                        ? List.of(
                                                "* STATUS {5}",
                                                lines.getFirst().substring("* STATUS ".length()),
                                                lines.getLast())
                                        : lines),
                odd("INBOX as iNbOx", EXTENDED, each(".*", line -> line.replace("INBOX", "iNbOx"))),
                odd(
                        "INBOX in quotes",
                        EXTENDED,
                        each(".*", line -> line.replace("INBOX", "\"INBOX\""))),
                odd(
                        "no blank before the items of STATUS",
                        EXTENDED,
                        each("STATUS.*", line -> line.replace("INBOX (", "INBOX("))),
                odd(
                        "STATUS with a blank in the parentheses",
                        EXTENDED,
                        each("STATUS.*", line -> line.replace("(", "( ").replace(")", " )"))),
                odd(
                        "STATUS with items that were not asked for",
                        EXTENDED,
                        each(
                                "STATUS.*",
                                line -> line.replace("(", "(X-SIZE (1 2) RECENT NIL UNSEEN 3 "))),
                odd(
                        "STATUS in two lines",
                        EXTENDED,
                        (command, lines) -> {
                            if (!command.startsWith("STATUS")) {
                                return lines;
                            }
                            String line = lines.getFirst();
                            int at = line.indexOf(" UIDNEXT");
                            return List.of(
                                    line.substring(0, at) + ")",
                                    "* STATUS INBOX (" + line.substring(at + 1),
                                    lines.getLast());
                        }),
                odd("STATUS refused", EXTENDED, refusing("STATUS.*", "NO not here")),
                odd(
                        "STATUS with numbers in quotes",
                        EXTENDED,
                        each(
                                "STATUS.*",
                                line ->
                                        isTagged(line)
                                                ? line
                                                : line.replaceAll("(\\d+)", "\"$1\""))),
                odd(
                        "SEARCH in a line for each hit",
                        PLAIN,
                        (command, lines) -> {
                            List<String> said = new ArrayList<>();
                            for (String line : lines) {
                                if (line.startsWith("* SEARCH ")) {
                                    for (String hit : line.substring(9).split(" ", -1)) {
                                        said.add("* SEARCH " + hit);
                                    }
                                } else {
                                    said.add(line);
                                }
                            }
                            return said;
                        }),
                odd(
                        "SEARCH answered twice",
                        PLAIN,
                        (command, lines) -> {
                            List<String> said = new ArrayList<>(lines);
                            if (command.startsWith("UID SEARCH")) {
                                said.addFirst(lines.getFirst());
                            }
                            return said;
                        }),
                odd(
                        "SEARCH with commas",
                        PLAIN,
                        each(
                                "UID SEARCH.*",
                                line ->
                                        line.startsWith("* SEARCH ")
                                                ? "* SEARCH " + line.substring(9).replace(' ', ',')
                                                : line)),
                odd(
                        "SEARCH with ranges",
                        PLAIN,
                        each("UID SEARCH.*", line -> line.replace("SEARCH 4 5", "SEARCH 4:5"))),
                odd(
                        "SEARCH followed by MODSEQ",
                        PLAIN,
                        each(
                                "UID SEARCH.*",
                                line ->
                                        line.startsWith("* SEARCH")
                                                ? line + " (MODSEQ 917162500)"
                                                : line)),
                odd(
                        "SEARCH with a tab",
                        PLAIN,
                        each(
                                "UID SEARCH.*",
                                line ->
                                        line.startsWith("* SEARCH")
                                                ? line.replace(" 5", "\t5")
                                                : line)),
                odd(
                        "SEARCH without hits has no untagged line",
                        EXTENDED,
                        without(
                                ".*SEARCH.*",
                                line -> line.equals("* SEARCH") || line.contains("COUNT 0"))),
                odd(
                        "a plain SEARCH answers an extended one",
                        EXTENDED,
                        each(
                                ".*",
                                line ->
                                        line.replaceFirst("^\\* ESEARCH .* ALL ", "* SEARCH ")
                                                .replaceFirst("^\\* ESEARCH .*COUNT 0$", "* SEARCH")
                                                .replaceFirst("(?<=^\\* SEARCH \\d{1,9}),", " "))),
                odd(
                        "ESEARCH with a tag of its own",
                        EXTENDED,
                        each(
                                "UID SEARCH.*",
                                line -> line.replaceFirst("TAG \"[^\"]*\"", "TAG \"x y)\""))),
                odd(
                        "ESEARCH without a correlator",
                        EXTENDED,
                        each(
                                "UID SEARCH.*",
                                line -> line.replaceFirst("\\(TAG \"[^\"]*\"\\) ", ""))),
                odd(
                        "ESEARCH with MAILBOX and UIDVALIDITY in its correlator",
                        EXTENDED,
                        each(
                                "UID SEARCH.*",
                                line ->
                                        line.replaceFirst(
                                                "\\(TAG (\"[^\"]*\")\\)",
                                                "(TAG $1 MAILBOX \"a)b\" UIDVALIDITY 7)"))),
                odd(
                        "ESEARCH without UID",
                        EXTENDED,
                        each("UID SEARCH.*", line -> line.replace(") UID COUNT", ") COUNT"))),
                odd(
                        "ESEARCH without COUNT",
                        EXTENDED,
                        each("UID SEARCH.*", line -> line.replaceFirst("COUNT \\d+ ?", ""))),
                odd(
                        "ESEARCH with MIN and MAX",
                        EXTENDED,
                        each(
                                "UID SEARCH.*",
                                line -> line.replace("UID COUNT", "UID MIN 1 MAX 99 COUNT"))),
                odd(
                        "ESEARCH with MODSEQ at the end",
                        EXTENDED,
                        each(
                                "UID SEARCH.*",
                                line -> line.contains("ESEARCH") ? line + " MODSEQ 917" : line)),
                odd(
                        "ESEARCH with a set in quotes",
                        EXTENDED,
                        each(
                                "UID SEARCH.*",
                                line -> line.replaceFirst("ALL (\\S+)", "ALL \"$1\""))),
                odd(
                        "ESEARCH with ranges that go down",
                        EXTENDED,
                        each(
                                "UID SEARCH.*",
                                line -> line.replaceFirst("ALL (\\d+),(\\d+)$", "ALL $2:$1"))),
                odd(
                        "ESEARCH with a star",
                        EXTENDED,
                        each(
                                "UID SEARCH.*",
                                line -> line.replaceFirst("ALL (\\d+),(\\d+)$", "ALL $1:*"))),
                odd("ESEARCH refused", EXTENDED, refusing("UID SEARCH RETURN.*", "BAD what?")),
                odd(
                        "all searches refused",
                        EXTENDED,
                        refusing("UID SEARCH.*", "NO [CANNOT] no index")),
                odd(
                        "all searches refused with OK",
                        EXTENDED,
                        without("UID SEARCH.*", line -> !isTagged(line))),
                odd(
                        "EXISTS shrinks and grows in one answer",
                        PLAIN,
                        (command, lines) -> {
                            List<String> said = new ArrayList<>();
                            for (String line : lines) {
                                if (line.endsWith(" EXISTS")) {
                                    said.add("* 1 EXISTS");
                                    said.add("* 9 EXISTS");
                                }
                                said.add(line);
                            }
                            return said;
                        }),
                odd(
                        "EXISTS is told with every command",
                        PLAIN,
                        new AnswerStyle() {
                            private String exists = "";

                            @Override
                            public List<String> apply(String command, List<String> lines) {
                                List<String> said = new ArrayList<>(lines);
                                exists = command.equals("GREETING") ? "" : exists;
                                lines.stream()
                                        .filter(line -> line.endsWith(" EXISTS"))
                                        .forEach(line -> exists = line);
                                if (!exists.isEmpty()
                                        && !command.matches(
                                                "LOGIN.*|LIST.*|STATUS.*|IDLE|CAPABILITY|ID.*|LOGOUT")) {
                                    said.addFirst(exists);
                                }
                                return said;
                            }
                        }),
                odd(
                        "EXISTS behind the tagged answer",
                        PLAIN,
                        late(line -> line.endsWith(" EXISTS"))),
                odd(
                        "UIDVALIDITY behind the tagged answer",
                        PLAIN,
                        late(line -> line.contains("[UIDVALIDITY"))),
                odd(
                        "UIDNEXT behind the tagged answer",
                        PLAIN,
                        late(line -> line.contains("[UIDNEXT"))),
                odd(
                        "EXAMINE without EXISTS",
                        PLAIN,
                        without("EXAMINE.*", line -> line.endsWith(" EXISTS"))),
                odd(
                        "EXAMINE without UIDVALIDITY",
                        EXTENDED,
                        without("EXAMINE.*", line -> line.contains("[UIDVALIDITY"))),
                odd(
                        "EXAMINE without UIDNEXT",
                        EXTENDED,
                        without("EXAMINE.*", line -> line.contains("[UIDNEXT"))),
                odd(
                        "no UIDNEXT anywhere",
                        EXTENDED,
                        each(
                                ".*",
                                line ->
                                        line.contains("[UIDNEXT")
                                                ? "* OK hi"
                                                : line.replaceFirst("UIDNEXT \\d+ ", ""))),
                odd(
                        "UIDNEXT 0",
                        EXTENDED,
                        each(".*", line -> line.replaceFirst("UIDNEXT \\d+", "UIDNEXT 0"))),
                odd(
                        "UIDNEXT always 1",
                        EXTENDED,
                        each(".*", line -> line.replaceFirst("UIDNEXT \\d+", "UIDNEXT 1"))),
                odd(
                        "UIDNEXT is the highest UID",
                        EXTENDED,
                        new AnswerStyle() {
                            @Override
                            public List<String> apply(String command, List<String> lines) {
                                return lines.stream().map(OddAnswers::nextIsHighest).toList();
                            }
                        }),
                odd(
                        "UIDNEXT beyond 64 bits",
                        EXTENDED,
                        each(
                                ".*",
                                line ->
                                        line.replaceFirst(
                                                "UIDNEXT \\d+",
                                                "UIDNEXT 99999999999999999999999"))),
                odd(
                        "everything in the tagged line's code",
                        PLAIN,
                        (command, lines) -> {
                            if (!command.startsWith("EXAMINE")) {
                                return lines;
                            }
                            List<String> said = new ArrayList<>(lines);
                            said.removeIf(line -> line.contains("[UIDVALIDITY"));
                            said.set(
                                    said.size() - 1,
                                    said.getLast().replace("[READ-ONLY]", "[UIDVALIDITY 7]"));
                            return said;
                        }),
                odd(
                        "codes without a blank behind the bracket",
                        PLAIN,
                        each("EXAMINE.*", line -> line.replace("] ok", "]"))),
                odd(
                        "codes as NO",
                        PLAIN,
                        each("EXAMINE.*", line -> line.replace("* OK [UID", "* NO [UID"))),
                odd(
                        "codes with a blank before the number",
                        PLAIN,
                        each(
                                "EXAMINE.*",
                                line ->
                                        line.replace("[UIDVALIDITY ", "[UIDVALIDITY   ")
                                                .replace("7]", "7 ]"))),
                odd(
                        "FETCH answers unasked",
                        EXTENDED,
                        before(
                                "(?!GREETING|LOGIN|CAPABILITY|IDLE).*",
                                "* 1 FETCH (FLAGS (\\Seen))",
                                "* 2 FETCH (UID 900 FLAGS (\\Seen))",
                                "* 77 FETCH (MODSEQ (5))")),
                odd(
                        "FETCH with the UID behind other items",
                        PLAIN,
                        each(
                                ".*FETCH.*",
                                line ->
                                        line.replaceFirst(
                                                "\\(UID (\\d+)\\)",
                                                "(FLAGS (\\\\Seen) MODSEQ (7) UID $1)"))),
                odd(
                        "FETCH without UIDs",
                        EXTENDED,
                        each(
                                ".*FETCH.*\\(UID\\)",
                                line -> line.replaceFirst("\\(UID \\d+\\)", "(FLAGS ())"))),
                odd("FETCH by number refused", EXTENDED, refusing("FETCH \\d.*", "NO nothing")),
                odd(
                        "all searches refused and FETCH in reverse",
                        PLAIN,
                        (command, lines) -> {
                            if (command.startsWith("UID SEARCH")) {
                                return List.of(lines.getLast().replace(" OK ", " NO "));
                            }
                            List<String> said = new ArrayList<>(lines.subList(0, lines.size() - 1));
                            if (command.startsWith("UID FETCH")) {
                                Collections.reverse(said);
                            }
                            said.add(lines.getLast());
                            return said;
                        }),
                odd(
                        "lines of other protocols between",
                        EXTENDED,
                        before(
                                "EXAMINE.*|STATUS.*|UID.*",
                                "* XTHING 4 (a (b",
                                "* 5 XTHING",
                                "* VANISHED (EARLIER) 1:9",
                                "* BAD really",
                                "* NO [ALERT] quota",
                                "*",
                                "* ",
                                "* 4",
                                "*4 EXISTS")),
                odd(
                        "EXPUNGE of numbers that are not there",
                        PLAIN,
                        before("NOOP|UID.*", "* 0 EXPUNGE", "* 4000000000 EXPUNGE")),
                odd(
                        "a continuation before IDLE that says nothing",
                        PLAIN,
                        each("IDLE", line -> line.startsWith("+") ? "+" : line)),
                odd(
                        "a continuation with blanks",
                        PLAIN,
                        each("IDLE", line -> line.startsWith("+") ? "+ " : line)),
                odd(
                        "news before the continuation",
                        PLAIN,
                        (command, lines) -> {
                            List<String> said = new ArrayList<>(lines);
                            if (command.equals("IDLE")) {
                                Collections.rotate(said, -1);
                            }
                            return said;
                        }),
                odd(
                        "a second continuation in IDLE",
                        PLAIN,
                        (command, lines) -> {
                            List<String> said = new ArrayList<>(lines);
                            if (command.equals("IDLE")) {
                                said.add(1, "+ still idling");
                            }
                            return said;
                        }),
                odd(
                        "capabilities that are gone after the login",
                        EXTENDED,
                        each(
                                "LOGIN.*",
                                line ->
                                        line.replaceFirst(
                                                "\\[CAPABILITY .*\\]",
                                                "[CAPABILITY IMAP4rev1 IDLE]"))),
                odd(
                        "capabilities nowhere but on request",
                        EXTENDED,
                        each(
                                "LOGIN.*|GREETING",
                                line -> line.replaceFirst("\\[CAPABILITY .*\\] ", ""))),
                odd(
                        "capabilities in two lines",
                        EXTENDED,
                        (command, lines) -> {
                            if (command.startsWith("CAPABILITY")) {
                                return List.of(
                                        "* CAPABILITY IMAP4rev1",
                                        "* CAPABILITY IDLE",
                                        lines.getLast());
                            }
                            return lines.stream()
                                    .map(line -> line.replaceFirst("\\[CAPABILITY .*\\] ", ""))
                                    .toList();
                        }),
                odd("UNSELECT refused", EXTENDED, refusing("UNSELECT", "BAD no")),
                odd(
                        "tags in lower case",
                        EXTENDED,
                        each(".*", line -> isTagged(line) ? line.toLowerCase(Locale.ROOT) : line)),
                odd(
                        "a tagged answer of an older command first",
                        PLAIN,
                        before("UID.*|STATUS.*", "A0 OK long ago", "zzz NO what")),
                odd(
                        "BYE in the goodbye in lower case and no tagged answer",
                        PLAIN,
                        (command, lines) ->
                                command.startsWith("LOGOUT") ? List.of("* bye") : lines),
                odd(
                        "bare line feeds",
                        EXTENDED,
                        (command, lines) -> List.of(String.join("\n", lines) + "\n\\")),
                odd(
                        "* SEARCH without hits and a blank",
                        PLAIN,
                        each("UID SEARCH.*", line -> line.equals("* SEARCH") ? "* SEARCH " : line)),
                odd(
                        "SEARCH with a UID of 0",
                        PLAIN,
                        each("UID SEARCH.*", line -> line.replace("* SEARCH", "* SEARCH 0"))),
                odd(
                        "SEARCH in descending order with repetitions",
                        PLAIN,
                        each("UID SEARCH.*", line -> line.replace("SEARCH 4 5", "SEARCH 5 4 5 4"))),
                odd(
                        "SEARCH of all messages whatever was asked",
                        PLAIN,
                        each(
                                "UID SEARCH.*",
                                line ->
                                        line.startsWith("* SEARCH")
                                                ? line.replace("SEARCH", "SEARCH 1 2")
                                                : line)),
                odd(
                        "SEARCH answers with the last message for nothing",
                        PLAIN,
                        each(
                                "UID SEARCH.*",
                                line -> line.equals("* SEARCH") ? "* SEARCH 3" : line)),
                odd(
                        "SEARCH by message numbers",
                        PLAIN,
                        each(
                                "UID SEARCH.*",
                                line ->
                                        line.startsWith("* SEARCH ")
                                                ? line.replace("4 5", "2 3").replace("6", "4")
                                                : line)),
                odd(
                        "SEARCH loses its first hit",
                        PLAIN,
                        each("UID SEARCH.*", line -> line.replaceFirst("SEARCH \\d+", "SEARCH"))),
                odd(
                        "SEARCH loses its last hit",
                        PLAIN,
                        each(
                                "UID SEARCH.*",
                                line ->
                                        line.startsWith("* SEARCH ")
                                                ? line.replaceFirst(" \\d+$", "")
                                                : line)),
                odd(
                        "ESEARCH loses its first hit",
                        EXTENDED,
                        each("UID SEARCH.*", line -> line.replaceFirst("ALL \\d+,", "ALL "))),
                odd(
                        "ESEARCH says COUNT alone",
                        EXTENDED,
                        each("UID SEARCH.*", line -> line.replaceFirst(" ALL .*", ""))),
                odd(
                        "ESEARCH says nothing behind UID",
                        EXTENDED,
                        each("UID SEARCH.*", line -> line.replaceFirst(" COUNT .*", ""))),
                odd(
                        "ESEARCH is NIL",
                        EXTENDED,
                        each("UID SEARCH.*", line -> line.replaceFirst(" COUNT .*", " ALL NIL"))),
                odd(
                        "UID FETCH answers with the whole mailbox",
                        EXTENDED,
                        (command, lines) ->
                                command.startsWith("UID SEARCH")
                                        ? List.of(lines.getLast().replace(" OK ", " BAD "))
                                        : lines),
                odd(
                        "FETCH by number answers with UID 0",
                        PLAIN,
                        each("FETCH.*", line -> line.replaceFirst("UID \\d+", "UID 0"))),
                odd(
                        "FETCH by number answers in two lines",
                        PLAIN,
                        (command, lines) -> {
                            List<String> said = new ArrayList<>(lines);
                            if (command.startsWith("FETCH")) {
                                said.addFirst(
                                        lines.getFirst()
                                                .replaceFirst("\\(.*", "(FLAGS (\\\\Seen))"));
                            }
                            return said;
                        }),
                odd(
                        "STATUS of another mailbox besides",
                        EXTENDED,
                        before(
                                "STATUS.*",
                                "* STATUS Other (MESSAGES 900 UIDNEXT 901 UIDVALIDITY 7)")),
                odd(
                        "STATUS twice, the first one old",
                        EXTENDED,
                        before("STATUS.*", "* STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 7)")),
                odd("STATUS says nothing", EXTENDED, without("STATUS.*", line -> !isTagged(line))),
                odd(
                        "STATUS says MESSAGES alone",
                        EXTENDED,
                        each("STATUS.*", line -> line.replaceFirst(" UIDNEXT.*", ")"))),
                odd(
                        "STATUS never moves",
                        EXTENDED,
                        each(
                                "STATUS.*",
                                line ->
                                        isTagged(line)
                                                ? line
                                                : "* STATUS INBOX (MESSAGES 3 UIDNEXT 1 UIDVALIDITY 7)")),
                odd(
                        "EXISTS in the STATUS answer",
                        EXTENDED,
                        before("STATUS.*", "* 1 EXISTS", "* 0 RECENT")),
                odd(
                        "UIDVALIDITY in STATUS is another one",
                        EXTENDED,
                        each("STATUS.*", line -> line.replace("UIDVALIDITY 7", "UIDVALIDITY 8"))),
                odd(
                        "RECENT counts everything",
                        EXTENDED,
                        each(".*", line -> line.replace("* 0 RECENT", "* 99 RECENT"))),
                odd(
                        "a greeting with blanks and a banner",
                        EXTENDED,
                        each("GREETING", line -> line.replace("ready", "  ready [at] (mail) {5"))),
                odd(
                        "untagged lines before the tagged answer of LOGIN",
                        EXTENDED,
                        before(
                                "LOGIN.*",
                                "* OK [ALERT] be nice",
                                "* CAPABILITY IMAP4rev1",
                                "* 9 EXISTS")),
                odd(
                        "UIDVALIDITY of 40 digits",
                        EXTENDED,
                        each(
                                ".*",
                                line ->
                                        line.replace(
                                                "UIDVALIDITY 7",
                                                "UIDVALIDITY 1234567890123456789012345678901234567890"))));
    }

    private static String lower(String line) {
        return line.toLowerCase(Locale.ROOT);
    }

    private static String nextIsHighest(String line) {
        Matcher matcher = Pattern.compile("UIDNEXT (\\d+)").matcher(line);
        return matcher.replaceAll(found -> "UIDNEXT " + (Long.parseLong(found.group(1)) - 1));
    }

    static Stream<Arguments> liars() {
        String fetched = "UID FETCH [^1].*|UID FETCH 1\\d.*";
        return Stream.of(
                odd(
                        "the first hit is lost",
                        PLAIN,
                        each("UID SEARCH.*", line -> line.replaceFirst("SEARCH \\d+", "SEARCH"))),
                odd(
                        "the last hit is lost",
                        PLAIN,
                        each(
                                "UID SEARCH.*",
                                line ->
                                        line.startsWith("* SEARCH ")
                                                ? line.replaceFirst(" \\d+$", "")
                                                : line)),
                odd(
                        "every third UID is lost",
                        PLAIN,
                        each("UID SEARCH.*", OddAnswers::withoutThirds)),
                odd(
                        "every third UID is lost, in FETCH too",
                        PLAIN,
                        (command, lines) ->
                                command.matches(fetched)
                                        ? lines.stream()
                                                .filter(line -> !line.matches(".*UID \\d*[369]\\)"))
                                                .toList()
                                        : each("UID SEARCH.*", OddAnswers::withoutThirds)
                                                .apply(command, lines)),
                odd(
                        "nothing is ever found",
                        PLAIN,
                        each("UID SEARCH.*", line -> line.startsWith("*") ? "* SEARCH" : line)),
                odd(
                        "nothing is ever found, with COUNT 0",
                        EXTENDED,
                        each(
                                "UID SEARCH.*",
                                line -> line.startsWith("*") ? "* ESEARCH UID COUNT 0" : line)),
                odd(
                        "FETCH by number is one too low",
                        PLAIN,
                        each("FETCH.*", line -> line.startsWith("*") ? lowered(line) : line)),
                odd(
                        "STATUS never moves",
                        EXTENDED,
                        each(
                                "STATUS.*",
                                line ->
                                        line.startsWith("*")
                                                ? "* STATUS INBOX (MESSAGES 3 UIDNEXT 1 UIDVALIDITY 7)"
                                                : line)));
    }

    private static String withoutThirds(String line) {
        return line.startsWith("* SEARCH ") ? line.replaceAll(" \\d*[369](?= |$)", "") : line;
    }

    private static String lowered(String line) {
        Matcher uid = Pattern.compile("UID (\\d+)").matcher(line);
        return uid.replaceAll(found -> "UID " + (Long.parseLong(found.group(1)) - 1));
    }
}
