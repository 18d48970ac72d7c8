package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import dev.mailbell.bench.sim.Latencies;
import java.util.BitSet;
import java.util.List;
import java.util.Random;

/** One of three nodes is killed while mail comes. Measures how long its mailboxes are unwatched. */
final class ClusterKillScenario implements Scenario {
    private static final int NODES = 3;
    private static final int KILLED = 1;

    /** The one of the two nodes that are left whose CPU is shown. */
    private static final int SURVIVOR = 0;

    private static final int RAMP_SECONDS = 300;
    private static final int SETTLE_SECONDS = 120;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(3_000);
        int seconds = options.seconds().orElse(30);
        double rate = options.rate().orElse(50);
        Plan plan = Plan.imap(mailboxes, false, true, options.interval().orElse(120));
        try (ClusterBed bed = ClusterBed.open(plan, options, NODES)) {
            bed.awaitWatched(RAMP_SECONDS);
            Random random = new Random(options.seed());
            MailStream stream = new MailStream(bed::deliver, () -> random.nextInt(mailboxes));
            stream.run(rate, options.warmUp().orElse(30));
            bed.settle(SETTLE_SECONDS);
            long begun = System.nanoTime();
            stream.run(rate, seconds);
            bed.settle(SETTLE_SECONDS);
            BitSet orphans = new BitSet(mailboxes);
            for (int i = 0; i < mailboxes; i++) {
                orphans.set(i, bed.coverage().clientOf(i).equals(ClusterBed.addressOf(KILLED)));
            }
            EachSecond shown =
                    options.eachSecond()
                            ? EachSecond.begin(new Meter(bed.node(SURVIVOR), bed.sql()), seconds)
                            : null;
            long killed = System.nanoTime();
            try (BackgroundMail mail =
                    new BackgroundMail(bed::deliver, () -> random.nextInt(mailboxes), rate)) {
                bed.node(KILLED).kill();
                Thread.sleep(1_000L * seconds);
                bed.awaitWatched(RAMP_SECONDS);
            }
            long end = System.nanoTime();
            bed.settle(SETTLE_SECONDS);
            Latencies latencies = bed.ledger().latencies();
            if (shown != null) {
                shown.print(latencies, i -> !orphans.get(i));
            }
            Latencies.Sorted before = latencies.between(begun, killed, i -> !orphans.get(i));
            Latencies.Sorted after = latencies.between(killed, end, i -> !orphans.get(i));
            Latencies.Sorted gaps = bed.coverage().gaps().between(killed, end, orphans::get);
            Latencies.Sorted doubled = bed.coverage().doubled().between(killed, end);
            return List.of(
                    PushScenario.latency("kill → a mailbox watched again, p50", gaps, 0.5),
                    PushScenario.latency("the same, p100", gaps, 1).target("≤ 8,000"),
                    Figure.of("mailboxes of the killed node", orphans.cardinality(), ""),
                    Figure.of("of them watched again", gaps.size(), "").target("all"),
                    Figure.of("mails, each counted once", bed.ledger().added(), "").target("all"),
                    Figure.of("deliveries that came twice", bed.ledger().repeated(), ""),
                    Figure.of("mailboxes with two sessions at once", doubled.size(), "")
                            .target("0"),
                    PushScenario.latency("mail of the others before, p99", before, 0.99),
                    PushScenario.latency("mail of the others after the kill, p99", after, 0.99)
                            .target("≤ 2 × before"),
                    PushScenario.latency("mail of the others before, p50", before, 0.5),
                    PushScenario.latency("mail of the others after the kill, p50", after, 0.5));
        }
    }
}
