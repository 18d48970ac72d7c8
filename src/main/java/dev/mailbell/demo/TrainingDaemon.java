package dev.mailbell.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code bin/mailbell serve} as it is run for people, but that its Java writes a cache at the end.
 */
final class TrainingDaemon implements AutoCloseable {
    static final String KEY = "mbk_operator_of_the_training";
    private static final Pattern READY = Pattern.compile("Mailbell is ready at (http://\\S+),");
    private static final int READY_SECONDS = 180;

    /** Java puts the cache together after the daemon has stopped; that takes longest. */
    private static final int STOP_SECONDS = 300;

    private static final int LOG_SHOWN = 4_000;

    private final Process process;
    private final Path log;
    private final CompletableFuture<URI> ready = new CompletableFuture<>();

    /**
     * @param directory its configuration, data and log go there
     */
    TrainingDaemon(Path launcher, Path directory, Path cache) throws IOException {
        this.log = directory.resolve("daemon.log");
        Path configuration = directory.resolve("mailbell.yaml");
        // JSON is YAML, and quotes the path.
        Files.writeString(
                configuration,
                """
                dataDir: "%s"
                http: { port: 0 }
                network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
                polling:
                  imap: { interval: 1s, min: 1s }
                  pop3: { interval: 1s, min: 1s }
                """
                        .formatted(directory.resolve("data")));
        ProcessBuilder builder =
                new ProcessBuilder(launcher.toString(), "serve").redirectError(log.toFile());
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("MAILBELL_"));
        environment.put("MAILBELL_ADMIN_KEY", KEY);
        environment.put("MAILBELL_CONFIG", configuration.toString());
        environment.put("MAILBELL_BUILT", "yes");
        environment.put(
                "MAILBELL_JAVA_OPTS",
                "-XX:AOTCacheOutput=" + cache + " -Xlog:aot=off -Xlog:cds=off");
        this.process = builder.start();
        Thread.ofVirtual().name("training-daemon").start(this::read);
    }

    private void read() {
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Matcher matcher = READY.matcher(line);
                if (matcher.find()) {
                    ready.complete(URI.create(matcher.group(1)));
                }
            }
            ready.completeExceptionally(new IOException("it ended"));
        } catch (IOException e) {
            ready.completeExceptionally(e);
        }
    }

    URI awaitReady() throws InterruptedException, TrainingFailedException {
        try {
            return ready.get(READY_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw failure("the daemon did not become ready", e);
        }
    }

    /** Stops it in order, and waits until Java has written the cache. */
    void stop() throws InterruptedException, TrainingFailedException {
        process.destroy();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            throw failure("the daemon did not end", null);
        }
        if (process.exitValue() != 0) {
            throw failure("the daemon ended with " + process.exitValue(), null);
        }
    }

    TrainingFailedException failure(String what, @Nullable Exception cause) {
        String said;
        try {
            said = Files.readString(log);
        } catch (IOException e) {
            said = "(its log cannot be read: " + e.getMessage() + ")";
        }
        return new TrainingFailedException(
                what
                        + "; the end of its log:\n"
                        + said.substring(Math.max(0, said.length() - LOG_SHOWN)),
                cause);
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            process.destroyForcibly();
        }
    }
}
