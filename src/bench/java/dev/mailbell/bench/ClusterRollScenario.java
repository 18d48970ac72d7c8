package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import java.util.List;
import java.util.Random;

/** Each of three nodes is stopped and started again in turn while mail comes. */
final class ClusterRollScenario implements Scenario {
    private static final int NODES = 3;
    private static final int RAMP_SECONDS = 300;
    private static final int SETTLE_SECONDS = 120;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(3_000);
        double rate = options.rate().orElse(50);
        Plan plan = Plan.imap(mailboxes, false, true, options.interval().orElse(120));
        try (ClusterBed bed = ClusterBed.open(plan, options, NODES)) {
            bed.awaitWatched(RAMP_SECONDS);
            Random random = new Random(options.seed());
            new MailStream(bed::deliver, () -> random.nextInt(mailboxes))
                    .run(rate, options.warmUp().orElse(30));
            bed.settle(SETTLE_SECONDS);
            long begun = System.nanoTime();
            double stopping = 0;
            try (BackgroundMail mail =
                    new BackgroundMail(bed::deliver, () -> random.nextInt(mailboxes), rate)) {
                for (int node = 0; node < NODES; node++) {
                    long term = System.nanoTime();
                    bed.node(node).close();
                    stopping = Math.max(stopping, (System.nanoTime() - term) / 1e9);
                    bed.start(node);
                    bed.awaitShared();
                    bed.awaitWatched(RAMP_SECONDS);
                }
            }
            long end = System.nanoTime();
            bed.settle(SETTLE_SECONDS);
            Latencies.Sorted gaps = bed.coverage().gaps().between(begun, end);
            Latencies.Sorted doubled = bed.coverage().doubled().between(begun, end);
            Latencies.Sorted latencies = bed.ledger().latencies().between(begun, end);
            return List.of(
                    PushScenario.latency("a mailbox is not watched, longest", gaps, 1)
                            .target("≤ 2,000"),
                    PushScenario.latency("the same, p99", gaps, 0.99),
                    PushScenario.latency("the same, p50", gaps, 0.5),
                    Figure.of("hand-overs of a mailbox", gaps.size(), ""),
                    Figure.of(
                                    "mailboxes with two sessions at once",
                                    doubled.size() + bed.coverage().doubledNow(),
                                    "")
                            .target("0"),
                    Figure.of("SIGTERM to the end, longest", stopping, "s"),
                    Figure.of("mails, each counted once", bed.ledger().added(), "").target("all"),
                    Figure.of("deliveries that came twice", bed.ledger().repeated(), ""),
                    PushScenario.latency("arrival → webhook meanwhile, p99", latencies, 0.99),
                    PushScenario.latency("arrival → webhook meanwhile, p50", latencies, 0.5));
        }
    }
}
