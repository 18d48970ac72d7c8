package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Api;
import dev.mailbell.bench.sim.Latencies;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/**
 * Disabled webhooks with a large backlog are enabled. Measures how fast the backlog drains, and the
 * latency of fresh mail meanwhile. Mail of the group "old" goes to all webhooks but the last one,
 * which receives the group "fresh" only.
 */
final class DrainScenario implements Scenario {
    private static final int FRESH_MAILBOXES = 100;
    private static final int LONGEST_SECONDS = 1_200;
    private static final long CHECK_NANOS = 50_000_000;
    private static final double FRESH_RATE = 10;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int webhooks = options.webhooks().orElse(1_000);
        int old = options.mailboxes().orElse(1_000);
        int mailboxes = old + FRESH_MAILBOXES;
        double rate = options.rate().orElse(FRESH_RATE);
        int seconds = options.seconds().orElse(30);
        Plan plan =
                Plan.imap(mailboxes, options.tls(), !options.poll(), options.interval().orElse(120))
                        .webhooks(webhooks + 1)
                        .groups(
                                (webhook, mailbox) -> (webhook == webhooks) == (mailbox >= old),
                                account -> account < old ? "old" : "fresh",
                                webhook -> webhook < webhooks ? "old" : "fresh");
        try (TestBed testBed = TestBed.open(plan, options)) {
            testBed.register();
            testBed.awaitWatching(LONGEST_SECONDS);
            int[] next = {0};
            MailStream fresh =
                    new MailStream(testBed, () -> old + Math.floorMod(next[0]++, FRESH_MAILBOXES));
            fresh.run(rate, options.warmUp().orElse(20));
            testBed.settle(LONGEST_SECONDS);
            long usual = System.nanoTime();
            fresh.run(rate, seconds);
            testBed.settle(LONGEST_SECONDS);
            double filling = fill(testBed, old, webhooks);
            long pending = testBed.ledger().unannounced(mailbox -> mailbox < old);
            long begun = System.nanoTime();
            Thread switching = Thread.ofVirtual().start(() -> all(testBed, webhooks, "enabled"));
            long[] drained = {0};
            Thread watching =
                    Thread.ofVirtual().start(() -> drained[0] = awaitDrained(testBed, old, begun));
            while (watching.isAlive()) {
                fresh.run(rate, 1);
            }
            switching.join();
            testBed.settle(LONGEST_SECONDS);
            double took = (drained[0] - begun) / 1e9;
            Latencies.Sorted before =
                    testBed.ledger().latencies().between(usual, usual + seconds * 1_000_000_000L);
            // What was put in before the switch is backlog; what came after it is fresh.
            Latencies.Sorted meanwhile = testBed.ledger().latencies().between(begun, drained[0]);
            return List.of(
                    Figure.of("deliveries a second", pending / took, "/s").target("≥ 10,000"),
                    Figure.of("pending at the beginning", pending, "").target("1,000,000"),
                    PushScenario.latency("fresh mail to a healthy webhook, p99", meanwhile, 0.99)
                            .target("≤ 2 × usual"),
                    PushScenario.latency("the same, p50", meanwhile, 0.5),
                    PushScenario.latency("usual, p99", before, 0.99),
                    PushScenario.latency("usual, p50", before, 0.5),
                    Figure.of("draining", took, "s"),
                    Figure.of("filling the backlog", filling, "s"));
        }
    }

    /** When the backlog was gone, or the patience. */
    private static long awaitDrained(TestBed testBed, int old, long begun) {
        long patience = LONGEST_SECONDS * 1_000_000_000L;
        long now = System.nanoTime();
        while (testBed.ledger().unannounced(mailbox -> mailbox < old) > 0
                && now - begun < patience) {
            LockSupport.parkNanos(CHECK_NANOS);
            now = System.nanoTime();
        }
        return now;
    }

    /**
     * One mail a mailbox while all its webhooks are disabled; their deliveries are written, or
     * deferred with the event.
     */
    private static double fill(TestBed testBed, int mailboxes, int webhooks)
            throws InterruptedException {
        all(testBed, webhooks, "disabled");
        long before = events(testBed);
        long begun = System.nanoTime();
        for (int mailbox = 0; mailbox < mailboxes; mailbox++) {
            testBed.deliver(mailbox);
        }
        Waiting.until(
                LONGEST_SECONDS,
                () -> events(testBed) >= before + mailboxes,
                () -> "not all mails became events");
        return (System.nanoTime() - begun) / 1e9;
    }

    private static long events(TestBed testBed) {
        return Long.parseLong(
                testBed.daemon().sql().ask("select count(*) from event where type = 'mail.new'"));
    }

    private static void all(TestBed testBed, int webhooks, String state) {
        Api api = testBed.daemon().api();
        for (UUID id : testBed.webhooks().subList(0, webhooks)) {
            api.patch("/v1/webhooks/" + id, Map.of("state", state));
        }
    }
}
