package dev.mailbell.cli.serve;

import dev.mailbell.Daemon;
import dev.mailbell.LogJson;
import dev.mailbell.cli.config.ConfigOption;
import dev.mailbell.cli.terminal.Signals;
import dev.mailbell.config.LoggingConfig;
import dev.mailbell.config.parsing.ConfigurationException;
import dev.mailbell.config.reload.FileWatch;
import dev.mailbell.config.reload.LiveConfiguration;
import dev.mailbell.config.reload.Reload;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "serve",
        description = "Runs the daemon until it is stopped (SIGTERM, Ctrl-C).",
        mixinStandardHelpOptions = true)
public final class ServeCommand implements Callable<Integer> {
    /** Above the sum of the parts' own stop timeouts, below the timeout of service managers. */
    private static final Duration STOP_DEADLINE = Duration.ofSeconds(50);

    @Mixin private final ConfigOption config = new ConfigOption();

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws InterruptedException {
        CarrierThreads.choose();
        LiveConfiguration configuration = config.live();
        if (configuration.get().logging().format() == LoggingConfig.Format.JSON) {
            LogJson.use();
        }
        long start = System.nanoTime();
        Preflight.require(configuration.get(), System.getenv());
        config.exposedSecrets().ifPresent(warning -> log().warn("Secrets: {}", warning));
        OperatorKey.Found key =
                OperatorKey.find(
                        System.getenv().getOrDefault("MAILBELL_ADMIN_KEY", ""),
                        configuration.get().dataDir());
        CountDownLatch stop = new CountDownLatch(1);
        Signals.onStop(stop::countDown);
        Signals.onHangUp(() -> reload(configuration));
        Daemon daemon = Daemon.start(configuration, key.key());
        // For exits without a handled signal.
        Runtime.getRuntime().addShutdownHook(new Thread(daemon::close));
        try (FileWatch _ = FileWatch.start(configuration)) {
            printReady(daemon, key, (System.nanoTime() - start) / 1_000_000);
            ClassArchive.served();
            stop.await();
        }
        Logger log = log();
        log.info("Stopping; another signal ends at once");
        Thread.ofPlatform().daemon().name("stop-deadline").start(ServeCommand::endAtDeadline);
        daemon.close();
        log.info("Stopped");
        return 0;
    }

    /** Created late, because {@code demo} sets the log level before the first logger is created. */
    private static Logger log() {
        return LoggerFactory.getLogger(ServeCommand.class);
    }

    private static void reload(LiveConfiguration configuration) {
        try {
            configuration.reload(Reload.Trigger.SIGNAL);
        } catch (ConfigurationException e) {
            log().debug("The configuration is refused; the reload has logged its faults");
        }
    }

    private static void endAtDeadline() {
        try {
            Thread.sleep(STOP_DEADLINE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        System.err.println(
                "mailbell: the stop took longer than %d s and is broken off"
                        .formatted(STOP_DEADLINE.toSeconds()));
        Runtime.getRuntime().halt(1);
    }

    private void printReady(Daemon daemon, OperatorKey.Found key, long millis) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf("Mailbell is ready at %s, after %.1f s.%n", daemon.uri(), millis / 1000.0);
        key.file()
                .ifPresentOrElse(
                        file ->
                                out.println(
                                        "The operator's key is in "
                                                + file
                                                + "; MAILBELL_ADMIN_KEY would set it."),
                        () -> out.println("The operator's key is the one in MAILBELL_ADMIN_KEY."));
        out.println(
                "Next: register an account (docs/start.md, or %1$s/docs), and look at %1$s/ui. Ctrl-C stops."
                        .formatted(daemon.uri()));
        out.flush();
    }
}
