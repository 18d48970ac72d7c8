package dev.mailbell.packaging;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs another program and takes what it says. */
final class Shell {
    private static final int PATIENCE_MINUTES = 10;

    private Shell() {}

    record Outcome(int status, String said) {
        String expect(int expected) {
            if (status != expected) {
                throw new AssertionError("it ended with " + status + ":\n" + said);
            }
            return said;
        }
    }

    static Outcome run(List<String> command, Map<String, String> environment)
            throws IOException, InterruptedException {
        return run(Path.of("").toAbsolutePath(), command, environment);
    }

    static Outcome run(Path directory, List<String> command, Map<String, String> environment)
            throws IOException, InterruptedException {
        // Not a pipe: a daemon that the program leaves behind would hold it open.
        Path said = Files.createTempFile("said", ".txt");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command)
                            .directory(directory.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(said.toFile());
            builder.environment().keySet().removeIf(name -> name.startsWith("MAILBELL_"));
            builder.environment().putAll(environment);
            Process process = builder.start();
            if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError(command + " did not end:\n" + Files.readString(said));
            }
            return new Outcome(process.exitValue(), Files.readString(said, StandardCharsets.UTF_8));
        } finally {
            Files.delete(said);
        }
    }

    /** Whether a program is on the path. */
    static boolean has(String program) throws IOException, InterruptedException {
        return run(List.of("sh", "-c", "command -v \"$0\"", program), Map.of()).status() == 0;
    }
}
