package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Api;
import dev.mailbell.bench.sim.Latencies;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/**
 * Webhooks that were switched off come back to a great backlog: how fast it drains, and whether the
 * mail of others waits meanwhile. Mail of the group "old" goes to all webhooks but the last one,
 * which hears of the group "fresh" alone.
 */
final class DrainScenario implements Scenario {
    private static final int FRESH_MAILBOXES = 100;
    private static final int LONGEST_SECONDS = 1_200;
    private static final long CHECK_NANOS = 50_000_000;
    private static final double FRESH_RATE = 10;

    @Override
    public List<Figure> run(Setting setting) throws InterruptedException {
        int webhooks = setting.webhooks().orElse(1_000);
        int old = setting.mailboxes().orElse(1_000);
        int mailboxes = old + FRESH_MAILBOXES;
        double rate = setting.rate().orElse(FRESH_RATE);
        int seconds = setting.seconds().orElse(30);
        Plan plan =
                Plan.imap(mailboxes, setting.tls(), !setting.poll(), setting.interval().orElse(120))
                        .webhooks(webhooks + 1)
                        .groups(
                                (webhook, mailbox) -> (webhook == webhooks) == (mailbox >= old),
                                account -> account < old ? "old" : "fresh",
                                webhook -> webhook < webhooks ? "old" : "fresh");
        try (Lab lab = Lab.open(plan, setting)) {
            lab.register();
            lab.awaitWatching(LONGEST_SECONDS);
            int[] next = {0};
            MailStream fresh =
                    new MailStream(lab, () -> old + Math.floorMod(next[0]++, FRESH_MAILBOXES));
            fresh.run(rate, setting.warmUp().orElse(20));
            lab.settle(LONGEST_SECONDS);
            long usual = System.nanoTime();
            fresh.run(rate, seconds);
            lab.settle(LONGEST_SECONDS);
            double filling = fill(lab, old, webhooks);
            long pending = lab.ledger().untold(mailbox -> mailbox < old);
            long begun = System.nanoTime();
            Thread switching = Thread.ofVirtual().start(() -> all(lab, webhooks, "enabled"));
            long[] drained = {0};
            Thread watching =
                    Thread.ofVirtual().start(() -> drained[0] = awaitDrained(lab, old, begun));
            while (watching.isAlive()) {
                fresh.run(rate, 1);
            }
            switching.join();
            lab.settle(LONGEST_SECONDS);
            double took = (drained[0] - begun) / 1e9;
            Latencies.Sorted before =
                    lab.ledger().latencies().between(usual, usual + seconds * 1_000_000_000L);
            // What was put in before the switch is backlog; what came after it is fresh.
            Latencies.Sorted meanwhile = lab.ledger().latencies().between(begun, drained[0]);
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
    private static long awaitDrained(Lab lab, int old, long begun) {
        long patience = LONGEST_SECONDS * 1_000_000_000L;
        long now = System.nanoTime();
        while (lab.ledger().untold(mailbox -> mailbox < old) > 0 && now - begun < patience) {
            LockSupport.parkNanos(CHECK_NANOS);
            now = System.nanoTime();
        }
        return now;
    }

    /** One mail a mailbox while all its webhooks are off; the deliveries wait in the database. */
    private static double fill(Lab lab, int mailboxes, int webhooks) throws InterruptedException {
        all(lab, webhooks, "disabled");
        long begun = System.nanoTime();
        for (int mailbox = 0; mailbox < mailboxes; mailbox++) {
            lab.deliver(mailbox);
        }
        long pending = (long) mailboxes * webhooks;
        Waiting.until(
                LONGEST_SECONDS,
                () ->
                        Long.parseLong(
                                        lab.daemon()
                                                .sql()
                                                .ask(
                                                        "select count(*) from delivery where status"
                                                                + " = 'pending'"))
                                >= pending,
                () -> "the backlog did not grow to " + pending);
        return (System.nanoTime() - begun) / 1e9;
    }

    private static void all(Lab lab, int webhooks, String state) {
        Api api = lab.daemon().api();
        for (UUID id : lab.webhooks().subList(0, webhooks)) {
            api.patch("/v1/webhooks/" + id, Map.of("state", state));
        }
    }
}
