package dev.mailbell.cli;

import ch.qos.logback.classic.Logger;
import dev.mailbell.Daemon;
import dev.mailbell.cli.config.ConfigOption;
import dev.mailbell.cli.terminal.CommandFailedException;
import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.demo.Demo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "demo",
        description = {
            "Shows the way from a mail to a webhook, on this machine alone.",
            "It starts a mail server, a webhook receiver and the daemon."
        },
        mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
    private static final String MAIL_SERVER_PACKAGE = "com.icegreen.greenmail";
    private static final String MAIL_SERVER = MAIL_SERVER_PACKAGE + ".util.GreenMail";
    private static final String KEY = "mbk_demo_key_for_this_process_only";

    @Option(names = "--once", description = "stop after a few mails; exit 0 if all were announced")
    private boolean once;

    @Override
    public Integer call() throws Exception {
        // logback.xml reads it when the first logger is created. WARN keeps the demo's own output
        // readable.
        System.setProperty("mailbell.log.level", "WARN");
        requireMailServer("demo");
        quietMailServer();
        Path dataDir = temporaryDirectory();
        try {
            return new Demo(System.out).run(() -> start(dataDir), once);
        } finally {
            remove(dataDir);
        }
    }

    /** The mail server reports each client that hangs up, and ends its thread by an exception. */
    static void quietMailServer() {
        if (LoggerFactory.getLogger(MAIL_SERVER_PACKAGE) instanceof Logger mailServer) {
            mailServer.setLevel(ch.qos.logback.classic.Level.OFF);
        }
        Thread.setDefaultUncaughtExceptionHandler(DemoCommand::ended);
    }

    private static void ended(Thread thread, Throwable failure) {
        LoggerFactory.getLogger(DemoCommand.class)
                .atLevel(isOfMailServer(failure) ? Level.DEBUG : Level.ERROR)
                .setCause(failure)
                .log("The thread {} ended", thread.getName());
    }

    static boolean isOfMailServer(Throwable failure) {
        StackTraceElement[] trace = failure.getStackTrace();
        return trace.length > 0 && trace[0].getClassName().startsWith(MAIL_SERVER_PACKAGE + ".");
    }

    /** The demo's mail server is not part of the daemon, so an installation may lack it. */
    static void requireMailServer(String command) {
        try {
            Class.forName(MAIL_SERVER, false, DemoCommand.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new CommandFailedException(
                    "the demo's mail server is not part of this installation: run bin/mailbell "
                            + command
                            + " in a checkout of the source, or begin here with bin/mailbell serve",
                    e);
        }
    }

    static Path temporaryDirectory() {
        try {
            // PostgreSQL, which runs as another user when this is root, must get in.
            return Files.setPosixFilePermissions(
                    Files.createTempDirectory("mailbell-demo"),
                    PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new CommandFailedException(
                    "the demo cannot keep its files in "
                            + System.getProperty("java.io.tmpdir")
                            + " ("
                            + e.getMessage()
                            + "): name a directory that can be written with"
                            + " MAILBELL_JAVA_OPTS=-Djava.io.tmpdir=DIRECTORY",
                    e);
        }
    }

    private static Demo.RunningDaemon start(Path dataDir) {
        Configuration configuration =
                new ConfigurationLoader(
                                ConfigOption.home(),
                                Map.of(
                                        "MAILBELL_DATA_DIR", dataDir.toString(),
                                        "MAILBELL_HTTP_PORT", "0",
                                        "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                                        "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1",
                                        "MAILBELL_POLLING_IMAP_MIN", "1s",
                                        "MAILBELL_POLLING_IMAP_INTERVAL", "1s",
                                        "MAILBELL_POLLING_POP3_MIN", "1s",
                                        "MAILBELL_POLLING_POP3_INTERVAL", "1s"))
                        .loadEnvironment();
        Daemon daemon = Daemon.start(configuration, KEY);
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> {
                            daemon.close();
                            remove(dataDir);
                        }));
        return new Demo.RunningDaemon() {
            @Override
            public URI uri() {
                return daemon.uri();
            }

            @Override
            public String adminKey() {
                return KEY;
            }

            @Override
            public void close() {
                daemon.close();
            }
        };
    }

    private static void remove(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> {
                        try {
                            Files.deleteIfExists(file);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
        } catch (IOException | UncheckedIOException e) {
            System.err.println(
                    "The demo's files in "
                            + directory
                            + " could not be removed: "
                            + e.getMessage());
        }
    }
}
