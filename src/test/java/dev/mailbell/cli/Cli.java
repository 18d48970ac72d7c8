package dev.mailbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.cli.terminal.Environment;
import dev.mailbell.cli.terminal.Terminal;
import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Commands as a person runs them, with variables, a terminal and answers of their own. */
public final class Cli {
    private static final JsonMapper JSON = new JsonMapper();

    private final Map<String, String> variables;
    private final Terminal terminal;
    private final String input;
    private final Optional<String> password;

    private Cli(
            Map<String, String> variables,
            Terminal terminal,
            String input,
            Optional<String> password) {
        this.variables = variables;
        this.terminal = terminal;
        this.input = input;
        this.password = password;
    }

    public static Cli of(String url, String key) {
        return new Cli(
                Map.of("MAILBELL_URL", url, "MAILBELL_KEY", key),
                Terminal.NONE,
                "",
                Optional.empty());
    }

    /** With another variable; null unsets one. */
    public Cli with(String name, @Nullable String value) {
        Map<String, String> more = new HashMap<>(variables);
        if (value == null) {
            more.remove(name);
        } else {
            more.put(name, value);
        }
        return new Cli(more, terminal, input, password);
    }

    public Cli on(Terminal other) {
        return new Cli(variables, other, input, password);
    }

    public Cli reading(String text) {
        return new Cli(variables, terminal, text, password);
    }

    /** At a terminal where somebody answers the question for a password. */
    public Cli answering(String text) {
        return new Cli(variables, terminal, input, Optional.of(text));
    }

    /** What a command printed, and how it ended. */
    public record Result(int exitCode, String out, String err) {
        public Result expect(int expected) {
            assertThat(exitCode).as(err + out).isEqualTo(expected);
            return this;
        }

        public List<String> lines() {
            return out.lines().toList();
        }

        /** The lines as JSON. */
        public List<JsonNode> json() {
            return lines().stream().map(JSON::readTree).toList();
        }
    }

    /** Runs a command that must succeed; answers what it printed. */
    public String ok(String... arguments) {
        return run(arguments).expect(0).out().strip();
    }

    public Result run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        Environment environment =
                new Environment(
                        variables,
                        terminal,
                        Terminal.NONE,
                        new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                        question -> password,
                        InstantSource.system());
        CommandLine line = Main.commandLine(environment, arguments);
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        int exitCode = line.execute(arguments);
        return new Result(exitCode, out.toString(), err.toString());
    }
}
