package dev.mailbell.cli;

import dev.mailbell.Daemon;
import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.demo.Demo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
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
    private static final String MAIL_SERVER = "com.icegreen.greenmail.util.GreenMail";
    private static final String KEY = "mbk_demo_key_for_this_process_only";

    @Option(names = "--once", description = "stop after a few mails; exit 0 if all were announced")
    private boolean once;

    @Override
    public Integer call() throws Exception {
        // logback.xml reads it when the first logger is created. WARN keeps the demo's own output
        // readable.
        System.setProperty("mailbell.log.level", "WARN");
        requireMailServer();
        Path dataDir = temporaryDirectory();
        try {
            return new Demo(System.out).run(() -> start(dataDir), once);
        } finally {
            remove(dataDir);
        }
    }

    /** The demo's mail server is not part of the daemon, so an installation may lack it. */
    private static void requireMailServer() {
        try {
            Class.forName(MAIL_SERVER, false, DemoCommand.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new CommandFailedException(
                    "the demo's mail server is not part of this installation: run bin/mailbell demo in a"
                            + " checkout of the source, or begin here with bin/mailbell serve",
                    e);
        }
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("mailbell-demo");
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
