package dev.mailbell.cli.account;

import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.terminal.Environment;
import dev.mailbell.cli.terminal.FileFault;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Where the password of a mailbox comes from: never from an argument, which other users of the
 * machine can read.
 */
final class PasswordOptions {
    private static final int MAX_BYTES = 16_384;

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            description =
                    "a file with the password on its first line, - for standard input; default: the"
                            + " terminal is asked")
    private @Nullable String file;

    @Option(
            names = "--password-env",
            paramLabel = "NAME",
            description = "the environment variable with the password")
    private @Nullable String variable;

    @Option(
            names = "--oauth-app",
            paramLabel = "ID",
            description =
                    "without a password: by the consent of the mailbox's owner to this OAuth 2.0"
                            + " app; prints the link for the owner")
    private @Nullable String app;

    Optional<String> app() {
        return Optional.ofNullable(app);
    }

    void requireOne() {
        int named = (file == null ? 0 : 1) + (variable == null ? 0 : 1) + (app == null ? 0 : 1);
        if (named > 1) {
            throw ApiFailure.usage(
                    "--password-file, --password-env and --oauth-app exclude each other");
        }
    }

    /** The password; asks at the terminal where nothing is named. */
    String read(Environment environment, String address) {
        if (file != null) {
            return fromFile(file, environment);
        }
        if (variable != null) {
            String name = variable;
            return environment
                    .variable(name)
                    .orElseThrow(() ->
                            ApiFailure.usage("the environment variable " + name + " is not set"));
        }
        return environment
                .prompt()
                .apply("Password of " + address + ": ")
                .filter(password -> !password.isEmpty())
                .orElseThrow(() ->
                        ApiFailure.usage(
                                "there is no terminal to ask for the password: name it with"
                                        + " --password-file FILE (- for standard input) or"
                                        + " --password-env NAME"));
    }

    private static String fromFile(String file, Environment environment) {
        try (InputStream in =
                file.equals("-") ? environment.in() : Files.newInputStream(Path.of(file))) {
            byte[] bytes = in.readNBytes(MAX_BYTES);
            String line = new String(bytes, StandardCharsets.UTF_8).lines().findFirst().orElse("");
            if (line.isEmpty()) {
                throw ApiFailure.usage("--password-file " + file + " has an empty first line");
            }
            return line;
        } catch (IOException e) {
            throw new ApiFailure(
                    ExitCodes.USAGE,
                    "--password-file " + file + " cannot be read: " + FileFault.of(e),
                    e);
        }
    }
}
