package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import dev.mailbell.bench.sim.Ledger;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Every webhook hears of every mail, and mail comes as fast as it is told of: how many deliveries a
 * second last, each written into the log.
 */
final class DeliverScenario implements Scenario {
    private static final int LONGEST_SECONDS = 300;

    /** Deliveries under way; enough to keep all lanes busy, few enough that none is merged. */
    private static final int UNDER_WAY = 20_000;

    private static final long PAUSE_NANOS = 200_000;

    @Override
    public List<Figure> run(Setting setting) throws InterruptedException {
        int mailboxes = setting.mailboxes().orElse(1_000);
        int webhooks = setting.webhooks().orElse(1_000);
        int seconds = setting.seconds().orElse(60);
        int warmUp = setting.warmUp().orElse(20);
        Plan plan =
                Plan.imap(mailboxes, setting.tls(), !setting.poll(), setting.interval().orElse(120))
                        .webhooks(webhooks);
        try (Lab lab = Lab.open(plan, setting)) {
            lab.register();
            lab.awaitWatching(LONGEST_SECONDS);
            int[] next = {0};
            flood(lab, next, warmUp);
            Ledger ledger = lab.ledger();
            Meter meter = new Meter(lab.daemon());
            Meter.Cpu before = meter.cpu();
            long hooks = ledger.hooks();
            long begun = System.nanoTime();
            flood(lab, next, seconds);
            double took = (System.nanoTime() - begun) / 1e9;
            hooks = ledger.hooks() - hooks;
            Meter.Cpu used = meter.cpu().minus(before);
            lab.settle(LONGEST_SECONDS);
            long again = ledger.repeated();
            return List.of(
                    Figure.of("deliveries a second", hooks / took, "/s").target("≥ 10,000"),
                    Figure.of("mails a second", next[0] / (took + warmUp), "/s"),
                    Figure.of("CPU of the daemon, a delivery", 1e6 * used.daemon() / hooks, "µs"),
                    Figure.of(
                            "CPU of PostgreSQL, a delivery", 1e6 * used.postgresql() / hooks, "µs"),
                    Figure.of("POSTs that were no first delivery", again, ""),
                    Figure.of("memory of the daemon (RSS)", meter.daemonMegabytes(), "MB"),
                    Figure.of(
                            "CPU of the load generator", 100 * used.bench() / took, "% of a core"));
        }
    }

    /** One mailbox after the other gets mail as long as not too much is under way. */
    private static void flood(Lab lab, int[] next, int seconds) {
        Plan plan = lab.plan();
        long most = Math.max(UNDER_WAY, 4L * plan.webhooks());
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (System.nanoTime() - end < 0) {
            if (lab.ledger().untold() + plan.webhooks() <= most) {
                lab.deliver(next[0]++ % plan.accounts());
            } else {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }
}
