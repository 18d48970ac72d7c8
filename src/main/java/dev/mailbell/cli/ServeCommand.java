package dev.mailbell.cli;

import dev.mailbell.Daemon;
import dev.mailbell.config.Configuration;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "serve",
        description = "Runs the daemon until it is told to stop (SIGTERM, Ctrl-C).",
        mixinStandardHelpOptions = true)
final class ServeCommand implements Callable<Integer> {
    @Mixin private final ConfigOption config = new ConfigOption();

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws InterruptedException {
        Configuration configuration = config.load();
        long begun = System.nanoTime();
        OperatorKey.Found key =
                OperatorKey.find(
                        System.getenv().getOrDefault("MAILBELL_ADMIN_KEY", ""),
                        configuration.dataDir());
        Daemon daemon = Daemon.start(configuration, key.key());
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> {
                            daemon.close();
                            stopped.countDown();
                            LoggerFactory.getLogger(ServeCommand.class).info("Stopped");
                        }));
        tell(daemon, key, (System.nanoTime() - begun) / 1_000_000);
        stopped.await();
        return 0;
    }

    private void tell(Daemon daemon, OperatorKey.Found key, long millis) {
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
                "Next: register an account (README.md, \"Watch a mailbox of yours\"), or read "
                        + daemon.uri()
                        + "/docs. Ctrl-C stops.");
        out.flush();
    }
}
