package dev.mailbell.cli.terminal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** How large the terminal is now, as {@code stty} says; Java has no call for it. */
public record TerminalSize(int rows, int columns) {
    private static final Path TERMINAL = Path.of("/dev/tty");
    private static final int PATIENCE_SECONDS = 2;

    /** Empty where there is no terminal or no {@code stty}. */
    public static Optional<TerminalSize> now() {
        if (!Files.isReadable(TERMINAL)) {
            return Optional.empty();
        }
        try {
            Process stty =
                    new ProcessBuilder("stty", "size")
                            .redirectInput(TERMINAL.toFile())
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            if (!stty.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                stty.destroyForcibly();
                return Optional.empty();
            }
            return parse(
                    new String(stty.getInputStream().readNBytes(100), StandardCharsets.US_ASCII));
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    static Optional<TerminalSize> parse(String said) {
        String[] numbers = said.strip().split(" ");
        if (numbers.length != 2 || !numbers[0].matches("\\d{1,5}")) {
            return Optional.empty();
        }
        int rows = Integer.parseInt(numbers[0]);
        return rows == 0
                ? Optional.empty()
                : Optional.of(new TerminalSize(rows, Terminal.width(numbers[1])));
    }
}
