package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import dev.mailbell.bench.sim.MailLedger;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Every webhook receives every mail, and mail comes as fast as it is announced. Measures the
 * sustained deliveries a second, each written into the log.
 */
final class DeliverScenario implements Scenario {
    private static final int LONGEST_SECONDS = 300;

    /** Deliveries under way; enough to keep all queues busy, few enough that none is merged. */
    private static final int UNDER_WAY = 20_000;

    private static final long PAUSE_NANOS = 200_000;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(1_000);
        int webhooks = options.webhooks().orElse(1_000);
        int seconds = options.seconds().orElse(60);
        int warmUp = options.warmUp().orElse(20);
        Plan plan =
                Plan.imap(mailboxes, options.tls(), !options.poll(), options.interval().orElse(120))
                        .webhooks(webhooks);
        try (TestBed testBed = TestBed.open(plan, options)) {
            testBed.register();
            testBed.awaitWatching(LONGEST_SECONDS);
            int[] next = {1};
            // New webhooks count as healthy once they have taken a delivery; until then the work
            // for them is throttled.
            testBed.deliver(0);
            testBed.settle(LONGEST_SECONDS);
            awaitHealthyWebhooks(testBed);
            flood(testBed, next, warmUp);
            MailLedger ledger = testBed.ledger();
            Meter meter = new Meter(testBed.daemon());
            Meter.Cpu before = meter.cpu();
            long deliveries = ledger.deliveries();
            long begun = System.nanoTime();
            flood(testBed, next, seconds);
            double took = (System.nanoTime() - begun) / 1e9;
            deliveries = ledger.deliveries() - deliveries;
            Meter.Cpu used = meter.cpu().minus(before);
            testBed.settle(LONGEST_SECONDS);
            long again = ledger.repeated();
            return List.of(
                    Figure.of("deliveries a second", deliveries / took, "/s").target("≥ 10,000"),
                    Figure.of("mails a second", next[0] / (took + warmUp), "/s"),
                    Figure.of(
                            "CPU of the daemon, a delivery",
                            1e6 * used.daemon() / deliveries,
                            "µs"),
                    Figure.of(
                            "CPU of PostgreSQL, a delivery",
                            1e6 * used.postgresql() / deliveries,
                            "µs"),
                    Figure.of("POSTs that were no first delivery", again, ""),
                    Figure.of("memory of the daemon (RSS)", meter.daemonMegabytes(), "MB"),
                    Figure.of(
                            "CPU of the load generator", 100 * used.bench() / took, "% of a core"));
        }
    }

    /** A first success is written later than its delivery, by the throttled work. */
    private static void awaitHealthyWebhooks(TestBed testBed) throws InterruptedException {
        String others = "select count(*) from webhook where not healthy";
        Waiting.until(
                LONGEST_SECONDS,
                () -> testBed.daemon().sql().ask(others).equals("0"),
                () -> "webhooks without a written success: " + testBed.daemon().sql().ask(others));
    }

    /** One mailbox after the other gets mail as long as not too much is under way. */
    private static void flood(TestBed testBed, int[] next, int seconds) {
        Plan plan = testBed.plan();
        long most = Math.max(UNDER_WAY, 4L * plan.webhooks());
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (System.nanoTime() - end < 0) {
            if (testBed.ledger().unannounced() + plan.webhooks() <= most) {
                testBed.deliver(next[0]++ % plan.accounts());
            } else {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }
}
