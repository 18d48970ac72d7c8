package dev.mailbell.bench.compare;

import dev.mailbell.bench.daemon.BenchException;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The measured program, in a process of its own; its output goes to our stderr. */
final class Candidate implements AutoCloseable {
    private static final String READY = "ready";
    private static final int STOP_SECONDS = 10;

    private final Process process;
    private final long begun = System.nanoTime();
    private final CompletableFuture<Long> readyAt = new CompletableFuture<>();
    private final Thread hook = new Thread(this::stop, "stop-candidate");

    private Candidate(Process process) {
        this.process = process;
    }

    static Candidate start(List<String> command, Map<String, String> environment) {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(environment);
        try {
            Candidate candidate = new Candidate(builder.start());
            Runtime.getRuntime().addShutdownHook(candidate.hook);
            Thread.ofVirtual().start(candidate::read);
            return candidate;
        } catch (IOException e) {
            throw new BenchException(command.getFirst() + " cannot be run: " + e.getMessage(), e);
        }
    }

    private void read() {
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.strip().equals(READY)) {
                    readyAt.complete(System.nanoTime());
                } else {
                    System.err.println(line);
                }
            }
            readyAt.completeExceptionally(new IOException("it ended its output"));
        } catch (IOException e) {
            readyAt.completeExceptionally(e);
        }
    }

    /**
     * Waits until it says that all mailboxes are watched.
     *
     * @return seconds since it was started
     */
    double awaitReady(int seconds) throws InterruptedException {
        try {
            return (readyAt.get(seconds, TimeUnit.SECONDS) - begun) / 1e9;
        } catch (TimeoutException e) {
            throw new BenchException(
                    "it did not print \"%s\" on a line of its own within %d s"
                            .formatted(READY, seconds),
                    e);
        } catch (ExecutionException e) {
            throw new BenchException(
                    "it ended before it printed \"" + READY + "\"; what it said is above", e);
        }
    }

    /**
     * @throws BenchException when it has ended
     */
    void mustLive() {
        if (!process.isAlive()) {
            throw new BenchException(
                    "it ended with exit code %d while it was measured; what it said is above"
                            .formatted(process.exitValue()));
        }
    }

    ProcessTree tree() {
        return new ProcessTree(process.toHandle());
    }

    private void stop() {
        List<ProcessHandle> descendants = process.descendants().toList();
        process.destroy();
        descendants.forEach(ProcessHandle::destroy);
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
        descendants.forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    public void close() {
        stop();
        Runtime.getRuntime().removeShutdownHook(hook);
    }
}
