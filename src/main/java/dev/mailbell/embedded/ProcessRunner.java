package dev.mailbell.embedded;

import dev.mailbell.database.DatabaseException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs a program to its end, within a time limit, and keeps the end of its output. */
final class ProcessRunner {
    private static final int MAX_OUTPUT = 8 * 1024;

    /** How long to read on after the end: a grandchild may keep the stream open. */
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(10);

    private ProcessRunner() {}

    /**
     * The result of a program.
     *
     * @param output the last 8 KiB of both streams
     */
    record Outcome(int exit, String output) {
        boolean succeeded() {
            return exit == 0;
        }
    }

    /**
     * Runs a program with a clean environment; when it takes longer than {@code timeout} it is
     * killed, with exit code -1.
     */
    static Outcome run(List<String> command, Duration timeout) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // Variables such as PGOPTIONS, PGPORT or LD_PRELOAD must not affect the server, and its
        // user may have no access to the current directory.
        builder.directory(Path.of("/").toFile());
        @Nullable String path = System.getenv("PATH");
        builder.environment().clear();
        builder.environment().put("PATH", path == null ? "/usr/bin:/bin:/usr/sbin:/sbin" : path);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        Tail tail = new Tail(process.getInputStream());
        Thread reader = Thread.ofVirtual().name("command-output").start(tail);
        try {
            process.getOutputStream().close();
            if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                return new Outcome(
                        -1, tail.text() + "\n(no end within " + timeout.toSeconds() + " s)");
            }
            reader.join(READ_TIMEOUT);
            return new Outcome(process.exitValue(), tail.text());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DatabaseException("interrupted while running " + command.getFirst(), e);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Reads a stream to its end and keeps the last 8 KiB. */
    private static final class Tail implements Runnable {
        private final InputStream stream;
        private final StringBuilder kept = new StringBuilder();

        Tail(InputStream stream) {
            this.stream = stream;
        }

        @Override
        public void run() {
            byte[] buffer = new byte[1024];
            try (stream) {
                for (int n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
                    add(new String(buffer, 0, n, StandardCharsets.UTF_8));
                }
            } catch (IOException e) {
                add("(output lost: " + e.getMessage() + ")");
            }
        }

        private synchronized void add(String text) {
            kept.append(text);
            kept.delete(0, Math.max(0, kept.length() - MAX_OUTPUT));
        }

        synchronized String text() {
            return kept.toString().strip();
        }
    }
}
