package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import dev.mailbell.bench.sim.Latencies;
import dev.mailbell.bench.sim.MailSim;
import java.util.ArrayList;
import java.util.List;

/** Many accounts that are polled now and then: what it takes to have them, and whether on time. */
final class AccountsScenario implements Scenario {
    private static final int BASELINE_SECONDS = 3_600;

    private final int usualMailboxes;
    private final boolean looks;
    private final String readyTarget;
    private final String memoryTarget;

    /**
     * @param looks false to have the accounts wait and nothing else: then what counts is the start
     */
    AccountsScenario(int usualMailboxes, boolean looks, String readyTarget, String memoryTarget) {
        this.usualMailboxes = usualMailboxes;
        this.looks = looks;
        this.readyTarget = readyTarget;
        this.memoryTarget = memoryTarget;
    }

    @Override
    public List<Figure> run(Setting setting) throws InterruptedException {
        int mailboxes = setting.mailboxes().orElse(usualMailboxes);
        int interval = setting.interval().orElse(looks ? 300 : 86_400);
        // The first look after the start is spread over an interval, the second is one later.
        int seconds = setting.seconds().orElse(looks ? 2 * interval + 30 : 30);
        Plan plan = Plan.imap(mailboxes, setting.tls(), false, interval).withoutJitter();
        try (Lab lab = Lab.open(plan, setting)) {
            long begun = System.nanoTime();
            lab.register();
            double registering = (System.nanoTime() - begun) / 1e9;
            if (looks) {
                lab.awaitWatching(BASELINE_SECONDS);
            }
            lab.restart();
            double ready = lab.daemon().secondsToReady();
            Gaps gaps = new Gaps(mailboxes, interval);
            lab.mail().onLook(gaps);
            long from = System.nanoTime();
            Thread.sleep(1_000L * seconds);
            lab.mail().onLook(MailSim.LookListener.NONE);
            Meter meter = new Meter(lab.daemon());
            List<Figure> figures = new ArrayList<>();
            figures.add(Figure.of("start to ready", ready, "s").target(readyTarget));
            if (looks) {
                Latencies.Sorted late = gaps.between(from, System.nanoTime());
                figures.add(PushScenario.latency("lateness of a look, p50", late, 0.5));
                figures.add(
                        PushScenario.latency("lateness of a look, p99", late, 0.99)
                                .target("≤ 1,000"));
                figures.add(Figure.of("looks measured", late.size(), ""));
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
