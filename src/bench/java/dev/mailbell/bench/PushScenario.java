package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import dev.mailbell.bench.sim.Latencies;
import java.util.List;
import java.util.Random;

/**
 * Mail arrives at random in mailboxes that idle: how long until the webhook has it, at what cost.
 */
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
    public List<Figure> run(Setting setting) throws InterruptedException {
        int mailboxes = setting.mailboxes().orElse(10_000);
        int seconds = setting.seconds().orElse(60);
        int warmUp = setting.warmUp().orElse(30);
        double rate = setting.rate().orElse(usualRate);
        Plan plan =
                Plan.imap(
                        mailboxes, setting.tls(), !setting.poll(), setting.interval().orElse(120));
        try (Lab lab = Lab.open(plan, setting)) {
            long begun = System.nanoTime();
            lab.register();
            lab.awaitWatching(RAMP_SECONDS);
            long watching = System.nanoTime();
            Random random = new Random(setting.seed());
            MailStream stream = new MailStream(lab, () -> random.nextInt(mailboxes));
            long cold = System.nanoTime();
            stream.run(rate, warmUp);
            lab.settle(SETTLE_SECONDS);
            Meter meter = new Meter(lab.daemon());
            Meter.Cpu before = meter.cpu();
            long warm = System.nanoTime();
            int mails = stream.run(rate, seconds);
            lab.settle(SETTLE_SECONDS);
            long end = System.nanoTime();
            Meter.Cpu used = meter.cpu().minus(before);
            Latencies latencies = lab.ledger().latencies();
            Latencies.Sorted first = latencies.between(cold, warm);
            Latencies.Sorted then = latencies.between(warm, end);
            return List.of(
                    latency("arrival → webhook, p50", then, 0.5).target(medianTarget),
                    latency("arrival → webhook, p99", then, 0.99).target(tailTarget),
                    latency("arrival → webhook, longest", then, 1),
                    latency("the same in the first " + warmUp + " s, p50", first, 0.5),
                    latency("the same in the first " + warmUp + " s, p99", first, 0.99),
                    Figure.of("mails, each counted once", mails, "").target("all"),
                    Figure.of("deliveries that came twice", lab.ledger().repeated(), ""),
                    Figure.of(
                                    "CPU per notification, daemon and PostgreSQL",
                                    1e3 * (used.daemon() + used.postgresql()) / mails,
                                    "ms")
                            .target("≤ 2.5"),
                    Figure.of("of it the daemon's", 1e3 * used.daemon() / mails, "ms"),
                    Figure.of("memory of the daemon (RSS)", meter.daemonMegabytes(), "MB")
                            .target(setting.tls() ? "≤ 700" : "≤ 500"),
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
