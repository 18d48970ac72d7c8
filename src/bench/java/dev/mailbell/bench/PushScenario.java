package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import dev.mailbell.bench.sim.Latencies;
import java.util.List;
import java.util.Random;

/** Mail arrives in random mailboxes with IDLE. Measures the time to the webhook, CPU and memory. */
final class PushScenario implements Scenario {
    private static final int RAMP_SECONDS = 900;
    private static final int SETTLE_SECONDS = 60;

    private final double usualRate;
    private final String medianTarget;
    private final String tailTarget;

    PushScenario(double usualRate, String medianTarget, String tailTarget) {
        this.usualRate = usualRate;
        this.medianTarget = medianTarget;
        this.tailTarget = tailTarget;
    }

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(10_000);
        int seconds = options.seconds().orElse(60);
        int warmUp = options.warmUp().orElse(30);
        double rate = options.rate().orElse(usualRate);
        Plan plan =
                Plan.imap(
                        mailboxes, options.tls(), !options.poll(), options.interval().orElse(120));
        try (TestBed testBed = TestBed.open(plan, options)) {
            long begun = System.nanoTime();
            testBed.register();
            testBed.awaitWatching(RAMP_SECONDS);
            long watching = System.nanoTime();
            Random random = new Random(options.seed());
            MailStream stream = new MailStream(testBed, () -> random.nextInt(mailboxes));
            long cold = System.nanoTime();
            stream.run(rate, warmUp);
            testBed.settle(SETTLE_SECONDS);
            Meter meter = new Meter(testBed.daemon());
            Meter.Cpu before = meter.cpu();
            long warm = System.nanoTime();
            int mails = stream.run(rate, seconds);
            testBed.settle(SETTLE_SECONDS);
            long end = System.nanoTime();
            Meter.Cpu used = meter.cpu().minus(before);
            Latencies latencies = testBed.ledger().latencies();
            Latencies.Sorted first = latencies.between(cold, warm);
            Latencies.Sorted then = latencies.between(warm, end);
            return List.of(
                    latency("arrival → webhook, p50", then, 0.5).target(medianTarget),
                    latency("arrival → webhook, p99", then, 0.99).target(tailTarget),
                    latency("arrival → webhook, longest", then, 1),
                    latency("the same in the first " + warmUp + " s, p50", first, 0.5),
                    latency("the same in the first " + warmUp + " s, p99", first, 0.99),
                    Figure.of("mails, each counted once", mails, "").target("all"),
                    Figure.of("deliveries that came twice", testBed.ledger().repeated(), ""),
                    Figure.of(
                                    "CPU per notification, daemon and PostgreSQL",
                                    1e3 * (used.daemon() + used.postgresql()) / mails,
                                    "ms")
                            .target("≤ 2.5"),
                    Figure.of("of it the daemon's", 1e3 * used.daemon() / mails, "ms"),
                    Figure.of("memory of the daemon (RSS)", meter.daemonMegabytes(), "MB")
                            .target(options.tls() ? "≤ 700" : "≤ 500"),
                    Figure.of("memory of PostgreSQL (Pss)", meter.postgresqlMegabytes(), "MB")
                            .target("≤ 150"),
                    Figure.of("registering and watching all", (watching - begun) / 1e9, "s"),
                    Figure.of(
                            "CPU of the load generator",
                            100 * used.bench() / ((end - warm) / 1e9),
                            "% of a core"));
        }
    }

    static Figure latency(String name, Latencies.Sorted sorted, double share) {
        return Figure.of(name, sorted.percentile(share), "ms");
    }
}
