package dev.mailbell.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a program to its end. */
final class Program {
    private static final long MINUTES = 5;

    private Program() {}

    /** What the program printed; it must end well within minutes. */
    static String run(Path directory, List<String> command)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("mailbell-program", ".log");
        try {
            Process process =
                    new ProcessBuilder(command)
                            .directory(directory.toFile())
                            .redirectErrorStream(true)
                            .redirectInput(
                                    ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                            .redirectOutput(output.toFile())
                            .start();
            boolean ended = process.waitFor(MINUTES, TimeUnit.MINUTES);
            if (!ended) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
            String said = Files.readString(output);
            assertThat(ended).as("%s ends within %s minutes: %s", command, MINUTES, said).isTrue();
            assertThat(process.exitValue()).as("%s: %s", command, said).isZero();
            return said;
        } finally {
            Files.delete(output);
        }
    }
}
