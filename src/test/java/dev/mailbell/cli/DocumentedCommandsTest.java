package dev.mailbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The documents name commands and options that exist. */
class DocumentedCommandsTest {
    /** A command line, to the end of its line, its code span or its comment. */
    private static final Pattern CALL = Pattern.compile("(?:bin/|\\$ )mailbell ([^`|#\n\"]*)");

    private static final Pattern OPTION = Pattern.compile("(--[a-z-]+)(?:[= ].*)?");

    /** It is another program, which the launcher starts. */
    private static final String BENCHMARKS = "bench";

    private static List<Path> documents() throws IOException {
        try (Stream<Path> docs = Files.walk(Path.of("docs"));
                Stream<Path> top = Files.list(Path.of(""))) {
            return Stream.concat(docs, top)
                    .filter(path -> path.toString().endsWith(".md"))
                    .filter(path -> !path.toString().contains("node_modules"))
                    .filter(path -> !path.startsWith("docs/adr"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void every_command_of_a_document_exists_with_its_options() throws IOException {
        List<String> missing = new ArrayList<>();
        int calls = 0;
        for (Path document : documents()) {
            Matcher call = CALL.matcher(Files.readString(document));
            while (call.find()) {
                String text = call.group(1).strip();
                if (!text.isEmpty() && !text.startsWith(BENCHMARKS)) {
                    calls++;
                    String fault = fault(text);
                    if (!fault.isEmpty()) {
                        missing.add(document + ": bin/mailbell " + text + ": " + fault);
                    }
                }
            }
        }
        assertThat(missing).isEmpty();
        assertThat(calls).isGreaterThan(10);
    }

    /** What of a command line does not exist; empty if all does. */
    private static String fault(String text) {
        CommandLine command = Main.commandLine();
        boolean named = false;
        for (String word : text.split("\\s+", -1)) {
            Map<String, CommandLine> subcommands = command.getSubcommands();
            Matcher option = OPTION.matcher(word);
            if (option.matches()) {
                if (!command.getCommandSpec().optionsMap().containsKey(option.group(1))) {
                    return "there is no option " + option.group(1);
                }
            } else if (subcommands.containsKey(word)) {
                command = subcommands.get(word);
                named = true;
            } else if (!subcommands.isEmpty() && word.matches("[a-z][a-z-]+") && !named) {
                return "there is no command " + word;
            } else if (!subcommands.isEmpty() && word.matches("[a-z][a-z-]+")) {
                return "there is no command " + word + " of " + command.getCommandName();
            }
        }
        return named ? "" : "no command is named";
    }
}
