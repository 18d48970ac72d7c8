package dev.mailbell.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.cli.api.ApiOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * The help texts, docs/cli.md, which has all of them under its last heading, and the script that
 * completes them.
 *
 * <p>Who changes a command changes these files: the test writes what it found to {@code
 * target/cli.md} and {@code target/help.txt}.
 */
class HelpTest {
    private static final Path DOCUMENT = Path.of("docs/cli.md");
    private static final String HEADING = "\n## Every command\n";
    private static final int WIDTH = 100;

    private static CommandLine wide(CommandLine line) {
        line.setUsageHelpWidth(WIDTH);
        line.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
        return line;
    }

    private static String text(String text) {
        return text.replaceAll("[ \\t]+\n", "\n").replace("\r\n", "\n");
    }

    /** A command and those under it, without the options that all commands of the API have. */
    private static void describe(CommandLine line, StringBuilder text) {
        String usage = text(wide(line).getUsageMessage());
        int options = usage.indexOf("\n" + ApiOptions.HEADING + "\n");
        if (options >= 0) {
            usage = usage.substring(0, options);
        }
        text.append("\n### `")
                .append(line.getCommandSpec().qualifiedName())
                .append("`\n\n```text\n")
                .append(usage.strip())
                .append("\n```\n");
        Set<CommandLine> subcommands = new LinkedHashSet<>(line.getSubcommands().values());
        subcommands.forEach(each -> describe(each, text));
    }

    /** The options that all commands of the API have. */
    private static String apiOptions() {
        CommandLine accounts = requireNonNull(Main.commandLine().getSubcommands().get("accounts"));
        CommandLine list = requireNonNull(accounts.getSubcommands().get("list"));
        String usage = text(wide(list).getUsageMessage());
        return usage.substring(usage.indexOf(ApiOptions.HEADING)).strip();
    }

    @Test
    void the_document_has_the_help_of_every_command() throws IOException {
        StringBuilder found = new StringBuilder(HEADING);
        found.append(
                        "\nCommands that call the API have these options besides their own:\n\n```text\n")
                .append(apiOptions())
                .append("\n```\n");
        describe(Main.commandLine(), found);
        String document = Files.readString(DOCUMENT);
        int heading = document.indexOf(HEADING);
        assertThat(heading).as("docs/cli.md has the heading").isPositive();
        String expected = document.substring(0, heading) + found;
        Files.createDirectories(Path.of("target"));
        Files.writeString(Path.of("target/cli.md"), expected);
        assertThat(document)
                .as("docs/cli.md and the help texts differ: look at target/cli.md, and copy it")
                .isEqualTo(expected);
    }

    @Test
    void a_clone_that_is_not_built_has_the_help_of_the_program() throws IOException {
        String usage = text(Main.commandLine().getUsageMessage(CommandLine.Help.Ansi.OFF));
        Files.createDirectories(Path.of("target"));
        Files.writeString(Path.of("target/help.txt"), usage);
        assertThat(Files.readString(Path.of("bin/lib/help.txt")))
                .as("bin/lib/help.txt and the help differ: copy target/help.txt")
                .isEqualTo(usage);
    }

    @Test
    void the_keyset_has_its_older_name_too() {
        Cli cli = Cli.of("http://127.0.0.1:1", "key");
        assertThat(cli.ok("keys", "list", "--help")).startsWith("Usage: mailbell keyset list");
        assertThat(cli.run("keys").expect(2).err()).contains("What about the keyset?");
    }

    @Test
    void the_script_completes_commands_and_options_in_bash(@TempDir Path directory)
            throws Exception {
        Path script = directory.resolve("completion");
        Files.writeString(
                script, Cli.of("http://127.0.0.1:1", "key").ok("completion", "bash") + "\n");
        assertThat(Files.readString(script)).contains("bashcompinit");
        assertThat(completed(script, "mailbell", "acc")).contains("accounts");
        assertThat(completed(script, "mailbell", "accounts", "")).contains("list", "import");
        assertThat(completed(script, "mailbell", "events", "tail", "--"))
                .contains("--patience", "--json");
        assertThat(Cli.of("http://127.0.0.1:1", "key").run("completion", "fish").exitCode())
                .isEqualTo(2);
    }

    private static String completed(Path script, String... words) throws Exception {
        String array = "'" + String.join("' '", words) + "'";
        Process bash =
                new ProcessBuilder(
                                "bash",
                                "--norc",
                                "-c",
                                "shopt -s progcomp; . \"$0\"; COMP_WORDS=("
                                        + array
                                        + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
                                        + "COMP_LINE=\"${COMP_WORDS[*]}\"; COMP_POINT=${#COMP_LINE}; "
                                        + "_complete_mailbell; printf '%s\\n' \"${COMPREPLY[@]}\"",
                                script.toString())
                        .redirectErrorStream(true)
                        .start();
        String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(bash.waitFor(180, TimeUnit.SECONDS)).isTrue();
        return said;
    }
}
