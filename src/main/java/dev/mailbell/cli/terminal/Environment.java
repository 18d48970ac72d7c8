package dev.mailbell.cli.terminal;

import java.io.Console;
import java.io.InputStream;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;

/**
 * What surrounds a command: environment variables, where its output goes, its input, the person at
 * the terminal, and the clock.
 *
 * @param prompt asks for a secret without showing it; empty when there is no terminal to ask at
 */
public record Environment(
        Map<String, String> variables,
        Terminal out,
        Terminal err,
        InputStream in,
        Function<String, Optional<String>> prompt,
        InstantSource clock) {

    /** The root command, which holds the environment of all. */
    public interface Owner {
        Environment environment();
    }

    /** Of this process, as the launcher started it. */
    public static Environment ofProcess() {
        Map<String, String> variables = System.getenv();
        return new Environment(
                variables,
                Terminal.of("mailbell.stdout.columns", System.getProperties(), variables),
                Terminal.of("mailbell.stderr.columns", System.getProperties(), variables),
                System.in,
                Environment::ask,
                InstantSource.system());
    }

    public static Environment of(CommandSpec spec) {
        if (spec.root().userObject() instanceof Owner owner) {
            return owner.environment();
        }
        throw new IllegalStateException("the root command has no environment");
    }

    /** A variable; an empty one counts as unset. */
    public Optional<String> variable(String name) {
        return Optional.ofNullable(variables.get(name)).filter(value -> !value.isBlank());
    }

    /** Without the variables, some of which are secrets. */
    @Override
    public String toString() {
        return "Environment[redacted]";
    }

    private static Optional<String> ask(String question) {
        Console console = System.console();
        // Whether there is one without a terminal depends on the version of Java.
        if (console == null || !console.isTerminal()) {
            return Optional.empty();
        }
        char[] answer = console.readPassword("%s", question);
        return Optional.ofNullable(answer).map(String::new);
    }
}
