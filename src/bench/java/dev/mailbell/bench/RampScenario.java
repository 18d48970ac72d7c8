package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import java.util.List;

/**
 * The daemon starts with all accounts registered. Measures the time until every mailbox is in IDLE
 * again.
 */
final class RampScenario implements Scenario {
    private static final int LONGEST_SECONDS = 900;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(10_000);
        Plan plan = Plan.imap(mailboxes, options.tls(), true, options.interval().orElse(120));
        try (TestBed testBed = TestBed.open(plan, options)) {
            long begun = System.nanoTime();
            testBed.register();
            testBed.awaitWatching(LONGEST_SECONDS);
            double registering = (System.nanoTime() - begun) / 1e9;
            testBed.restart();
            double ready = testBed.daemon().secondsToReady();
            long readyAt = System.nanoTime();
            long logins = testBed.mail().logins();
            testBed.awaitIdling(LONGEST_SECONDS);
            double watching = (System.nanoTime() - readyAt) / 1e9;
            Meter.Cpu used = new Meter(testBed.daemon()).cpu();
            return List.of(
                    Figure.of("from ready to watching all", watching, "s")
                            .target(options.tls() ? "≤ 30" : ""),
                    Figure.of("start to ready", ready, "s"),
                    Figure.of("logins", testBed.mail().logins() - logins, "")
                            .target("one a mailbox"),
                    Figure.of(
                            "CPU of the daemon, a mailbox", 1e3 * used.daemon() / mailboxes, "ms"),
                    Figure.of("registering and watching all", registering, "s"));
        }
    }
}
