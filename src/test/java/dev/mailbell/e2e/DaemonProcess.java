package dev.mailbell.e2e;

import dev.mailbell.database.TestDatabase;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The daemon as a process of its own, as {@code bin/mailbell serve} runs it, so that it can be
 * killed.
 */
public final class DaemonProcess implements AutoCloseable {
    public static final String KEY = "mbk_operator_of_the_tests";
    private static final Pattern READY = Pattern.compile("Mailbell is ready at (http://\\S+),");
    private static final int PATIENCE_SECONDS = 180;

    private final Process process;
    private final Path log;

    /** The archive of classes that it writes at an orderly end, if it is one that does. */
    private final @Nullable Path archive;

    private final CompletableFuture<URI> ready = new CompletableFuture<>();

    private DaemonProcess(Process process, Path log, @Nullable Path archive) {
        this.process = process;
        this.log = log;
        this.archive = archive;
    }

    /**
     * Starts {@code serve} on a data directory and a free port, with more settings from the
     * environment.
     */
    public static DaemonProcess start(Path dataDir, Map<String, String> environment) {
        return start(dataDir, environment, Path.of("config/logback.xml"));
    }

    /** The same with other settings of the log. */
    static DaemonProcess start(Path dataDir, Map<String, String> environment, Path logSettings) {
        return start(dataDir, environment, logSettings, List.of());
    }

    /** The same with options of its Java. */
    public static DaemonProcess start(
            Path dataDir,
            Map<String, String> environment,
            Path logSettings,
            List<String> javaOptions) {
        return start(dataDir, environment, logSettings, javaOptions, null);
    }

    /**
     * The same, where the daemon writes the archive of classes for the next ones when it ends and
     * there is none yet ({@link #isArchiving}).
     */
    public static DaemonProcess startArchiving(
            Path dataDir,
            Map<String, String> environment,
            Path logSettings,
            List<String> javaOptions) {
        try {
            Path own = DaemonClasses.shared().ownArchive();
            List<String> toWrite = DaemonClasses.shared().optionsToWrite(own);
            if (toWrite.isEmpty()) {
                return start(dataDir, environment, logSettings, javaOptions);
            }
            List<String> options = new ArrayList<>(javaOptions);
            options.addAll(toWrite);
            return start(dataDir, environment, logSettings, options, own);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static DaemonProcess start(
            Path dataDir,
            Map<String, String> environment,
            Path logSettings,
            List<String> javaOptions,
            @Nullable Path archive) {
        try {
            if (!environment.containsKey("MAILBELL_DATABASE_URL")) {
                TestDatabase.lendPrograms(dataDir);
            }
            Path log = Files.createTempFile("mailbell", ".log");
            List<String> command =
                    new ArrayList<>(
                            List.of(
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "-XX:+UseSerialGC",
                                    "-XX:TieredStopAtLevel=1",
                                    "--enable-native-access=ALL-UNNAMED",
                                    "-Dmailbell.home=" + dataDir,
                                    "-Dlogback.configurationFile=" + logSettings.toAbsolutePath(),
                                    "-cp",
                                    DaemonClasses.shared().classPath(),
                                    "dev.mailbell.cli.Main",
                                    "serve"));
            if (archive == null) {
                command.addAll(1, DaemonClasses.shared().options());
            }
            command.addAll(1, javaOptions);
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
            builder.environment().keySet().removeIf(name -> name.startsWith("MAILBELL_"));
            builder.environment().put("MAILBELL_ADMIN_KEY", KEY);
            builder.environment().put("MAILBELL_DATA_DIR", dataDir.toString());
            builder.environment().put("MAILBELL_HTTP_PORT", "0");
            builder.environment().putAll(environment);
            DaemonProcess daemon = new DaemonProcess(builder.start(), log, archive);
            Thread.ofVirtual().start(daemon::read);
            return daemon;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether it writes the archive of classes when it ends by itself. */
    public boolean isArchiving() {
        return archive != null;
    }

    private void read() {
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Matcher matcher = READY.matcher(line);
                if (matcher.find()) {
                    ready.complete(URI.create(matcher.group(1)));
                }
            }
            if (!ready.isDone()) {
                ready.completeExceptionally(
                        new IllegalStateException("the daemon ended:\n" + log()));
            }
        } catch (IOException e) {
            ready.completeExceptionally(e);
        }
    }

    /** Waits until it is ready; answers where its API is. */
    public Rest rest() {
        try {
            return new Rest(ready.get(PATIENCE_SECONDS, TimeUnit.SECONDS), KEY);
        } catch (Exception e) {
            throw new AssertionError("the daemon did not become ready:\n" + log(), e);
        }
    }

    /** What it wrote to its log so far. */
    public String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** The daemon and the processes that it started. */
    List<ProcessHandle> processes() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
    }

    /** As {@code kill -9}: it has no time for anything. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /**
     * Sends it a signal.
     *
     * @param name without SIG, for example {@code HUP}
     */
    public void signal(String name) throws InterruptedException, IOException {
        Process kill =
                new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .inheritIO()
                        .start();
        if (kill.waitFor() != 0) {
            throw new AssertionError("the daemon could not be sent SIG" + name);
        }
    }

    /** Collects its garbage, with a program of the JDK. */
    void collectGarbage() throws InterruptedException, IOException {
        Process jcmd =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                                Long.toString(process.pid()),
                                "GC.run")
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        if (jcmd.waitFor() != 0) {
            throw new AssertionError("the daemon's garbage could not be collected");
        }
    }

    /** Whether it is to ignore a signal because who started this test does. */
    boolean ignores(int signal) throws IOException {
        String mask =
                Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status"))
                        .stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .findFirst()
                        .orElseThrow();
        long signals = Long.parseUnsignedLong(mask.substring("SigIgn:".length()).strip(), 16);
        return (signals >>> (signal - 1) & 1) == 1;
    }

    /** Waits for its end; answers its exit code. */
    public int awaitExit() throws InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the daemon did not end:\n" + log());
        }
        return process.exitValue();
    }

    /** As {@code kill}: an orderly stop. */
    @Override
    public void close() throws InterruptedException, IOException {
        process.destroy();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        if (process.exitValue() == 0 && archive != null && Files.exists(archive)) {
            DaemonClasses.shared().written(archive);
        }
        Files.deleteIfExists(log);
    }
}
