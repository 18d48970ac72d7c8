package dev.mailbell.cli.mail;

import dev.mailbell.cli.terminal.FileFault;
import dev.mailbell.mail.Credential;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Who logs in. No secret is an argument, because other users of the machine see those. */
final class LoginOptions {
    private static final int LONGEST_SECRET = 64 * 1024;

    @Option(
            names = {"-u", "--user"},
            paramLabel = "USER",
            description = "the user name")
    private @Nullable String user;

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            description = "the first line of this file is the password; - for the standard input")
    private @Nullable String passwordFile;

    @Option(
            names = "--password-prompt",
            description = "ask for the password; the default on a terminal")
    private boolean prompt;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "an OAuth 2.0 access token (XOAUTH2) instead of a password")
    private @Nullable String tokenFile;

    Optional<String> user() {
        if (user != null && user.chars().anyMatch(Character::isISOControl)) {
            throw new UsageException("a control character in the user name");
        }
        return Optional.ofNullable(user);
    }

    String requiredUser() {
        return user().orElseThrow(() -> new UsageException("Which user? -u USER"));
    }

    /**
     * The secret of the user.
     *
     * @param input the standard input
     */
    Credential credential(InputStream input) {
        if ((passwordFile != null ? 1 : 0) + (tokenFile != null ? 1 : 0) + (prompt ? 1 : 0) > 1) {
            throw new UsageException(
                    "only one of --password-file, --password-prompt and --token-file");
        }
        if (passwordFile != null) {
            return new Credential.Password(firstLine("--password-file", passwordFile, input));
        }
        if (tokenFile != null) {
            return new Credential.AccessToken(firstLine("--token-file", tokenFile, input).strip());
        }
        Console console = System.console();
        if (console == null || !console.isTerminal()) {
            throw new UsageException(
                    "there is no terminal to ask for the password: give it with --password-file FILE");
        }
        char[] typed = console.readPassword("Password of %s: ", requiredUser());
        if (typed == null || typed.length == 0) {
            throw new UsageException("no password was given");
        }
        return new Credential.Password(new String(typed));
    }

    private static String firstLine(String option, String file, InputStream input) {
        try {
            String text = file.equals("-") ? line(input) : line(Path.of(file));
            if (text.isEmpty()) {
                throw new UsageException(option + " " + file + " has no secret in its first line");
            }
            return text;
        } catch (IOException e) {
            throw new UsageException(
                    option + " " + file + " cannot be read: " + FileFault.of(e), e);
        }
    }

    private static String line(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return line(in);
        }
    }

    /** Reads no further than the line's end: the rest of the standard input is for the command. */
    private static String line(InputStream in) throws IOException {
        byte[] octets = new byte[LONGEST_SECRET];
        int length = 0;
        for (int octet = in.read(); octet >= 0 && octet != '\n'; octet = in.read()) {
            if (length == octets.length) {
                throw new IOException("its first line is too long for a secret");
            }
            octets[length++] = (byte) octet;
        }
        String text = new String(octets, 0, length, StandardCharsets.UTF_8);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }
}
