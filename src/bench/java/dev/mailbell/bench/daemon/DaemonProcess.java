package dev.mailbell.bench.daemon;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code mailbell serve} as a process of its own, with its embedded PostgreSQL. */
public final class DaemonProcess implements AutoCloseable {
    static final String KEY = "mbk_operator_of_the_benchmarks";
    private static final Pattern READY = Pattern.compile("Mailbell is ready at (http://\\S+),");
    private static final int READY_SECONDS = 180;
    private static final int STOP_SECONDS = 60;
    private static final int LOG_SHOWN = 4_000;

    private final Process process;
    private final Path folder;
    private final long begun;
    private final CompletableFuture<URI> ready = new CompletableFuture<>();
    private volatile long readyAt;

    private DaemonProcess(Process process, Path folder, long begun) {
        this.process = process;
        this.folder = folder;
        this.begun = begun;
    }

    /**
     * Starts it; it is not ready yet.
     *
     * @param command {@code serve}, as words
     * @param folder with {@code mailbell.yaml}; its data and its log go there, and stay over starts
     * @param javaOptions more options for its Java, blank for none
     */
    public static DaemonProcess start(List<String> command, Path folder, String javaOptions) {
        ProcessBuilder builder =
                new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.appendTo(log(folder).toFile()));
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("MAILBELL_"));
        environment.put("MAILBELL_ADMIN_KEY", KEY);
        environment.put("MAILBELL_CONFIG", folder.resolve("mailbell.yaml").toString());
        environment.put("MAILBELL_JAVA_OPTS", javaOptions);
        environment.put("MAILBELL_BUILT", "yes");
        try {
            long begun = System.nanoTime();
            DaemonProcess daemon = new DaemonProcess(builder.start(), folder, begun);
            Thread.ofVirtual().start(daemon::read);
            return daemon;
        } catch (IOException e) {
            throw new BenchException("the daemon could not be started: " + e.getMessage(), e);
        }
    }

    private static Path log(Path folder) {
        return folder.resolve("daemon.log");
    }

    private void read() {
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Matcher matcher = READY.matcher(line);
                if (matcher.find()) {
                    readyAt = System.nanoTime();
                    ready.complete(URI.create(matcher.group(1)));
                }
            }
            ready.completeExceptionally(new BenchException("it ended"));
        } catch (IOException e) {
            ready.completeExceptionally(e);
        }
    }

    /** Waits until it is ready. */
    public void awaitReady() {
        try {
            ready.get(READY_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            close();
            throw new BenchException("the daemon did not become ready:\n" + lastWords(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
            throw new BenchException("interrupted", e);
        }
    }

    /** From the start of the process to its word that it is ready, in seconds. */
    public double secondsToReady() {
        return (readyAt - begun) / 1e9;
    }

    public Api api() {
        return new Api(ready.join(), KEY);
    }

    public ProcessHandle handle() {
        return process.toHandle();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Its PostgreSQL. */
    public EmbeddedSql sql() {
        return new EmbeddedSql(folder.resolve("data"));
    }

    /** The end of its log. */
    public String lastWords() {
        try {
            String log = Files.readString(log(folder));
            return log.substring(Math.max(0, log.length() - LOG_SHOWN));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As {@code kill -9}. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /**
     * Sends it a signal.
     *
     * @param name without SIG, for example {@code STOP}
     */
    public void signal(String name) throws InterruptedException {
        try {
            Process kill =
                    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                            .inheritIO()
                            .start();
            if (kill.waitFor() != 0) {
                throw new BenchException("the daemon could not be sent SIG" + name);
            }
        } catch (IOException e) {
            throw new BenchException("kill could not be started: " + e.getMessage(), e);
        }
    }

    /** An orderly stop, which ends its PostgreSQL too. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("bench: the daemon did not stop in time and is killed");
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
