package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import dev.mailbell.bench.sim.Latencies;
import dev.mailbell.bench.sim.MailSim;
import java.util.ArrayList;
import java.util.List;

/** Many accounts that are polled rarely. Measures start, memory and the lateness of checks. */
final class AccountsScenario implements Scenario {
    private static final int BASELINE_SECONDS = 3_600;

    private final int usualMailboxes;
    private final boolean checks;
    private final String readyTarget;
    private final String memoryTarget;

    /**
     * @param checks false to measure only the start and the memory of waiting accounts
     */
    AccountsScenario(int usualMailboxes, boolean checks, String readyTarget, String memoryTarget) {
        this.usualMailboxes = usualMailboxes;
        this.checks = checks;
        this.readyTarget = readyTarget;
        this.memoryTarget = memoryTarget;
    }

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(usualMailboxes);
        int interval = options.interval().orElse(checks ? 300 : 86_400);
        // The first check after the start is spread over an interval, the second is one later.
        int seconds = options.seconds().orElse(checks ? 2 * interval + 30 : 30);
        Plan plan = Plan.imap(mailboxes, options.tls(), false, interval).withoutJitter();
        try (TestBed testBed = TestBed.open(plan, options)) {
            long begun = System.nanoTime();
            testBed.register();
            double registering = (System.nanoTime() - begun) / 1e9;
            if (checks) {
                testBed.awaitWatching(BASELINE_SECONDS);
            }
            testBed.restart();
            double ready = testBed.daemon().secondsToReady();
            CheckLateness lateness = new CheckLateness(mailboxes, interval);
            testBed.mail().onCheck(lateness);
            long from = System.nanoTime();
            Thread.sleep(1_000L * seconds);
            testBed.mail().onCheck(MailSim.CheckListener.NONE);
            Meter meter = new Meter(testBed.daemon());
            List<Figure> figures = new ArrayList<>();
            figures.add(Figure.of("start to ready", ready, "s").target(readyTarget));
            if (checks) {
                Latencies.Sorted late = lateness.between(from, System.nanoTime());
                figures.add(PushScenario.latency("lateness of a check, p50", late, 0.5));
                figures.add(
                        PushScenario.latency("lateness of a check, p99", late, 0.99)
                                .target("≤ 1,000"));
                figures.add(Figure.of("checks measured", late.size(), ""));
            }
            figures.add(Figure.of("memory of the daemon (RSS)", meter.daemonMegabytes(), "MB"));
            figures.add(
                    Figure.of("heap in use after a collection", meter.daemonHeapMegabytes(), "MB")
                            .target(memoryTarget));
            figures.add(Figure.of("accounts registered a second", mailboxes / registering, "/s"));
            return figures;
        }
    }
}
