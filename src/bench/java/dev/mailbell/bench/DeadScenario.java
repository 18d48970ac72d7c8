package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import dev.mailbell.bench.sim.Receiver.Manner;
import java.util.List;

/**
 * A healthy webhook hears of every mail; then 1,000 others that cut every connection want all of it
 * as well. Whether the healthy one is served as before.
 */
final class DeadScenario implements Scenario {
    private static final int RAMP_SECONDS = 300;

    @Override
    public List<Figure> run(Setting setting) throws InterruptedException {
        int mailboxes = setting.mailboxes().orElse(200);
        int dead = setting.webhooks().orElse(1_000);
        Plan plan =
                Plan.imap(
                        mailboxes, setting.tls(), !setting.poll(), setting.interval().orElse(120));
        try (Lab lab = Lab.open(plan, setting)) {
            lab.register();
            lab.awaitWatching(RAMP_SECONDS);
            Phases phases = new Phases(lab, setting, 0, mailboxes, 10);
            Latencies.Sorted before = phases.measure();
            lab.receiver().manners(webhook -> webhook == 0 ? Manner.TAKES : Manner.CUTS);
            lab.addDead(dead);
            Latencies.Sorted begins = phases.measure();
            Latencies.Sorted beside = phases.measure();
            return List.of(
                    ratio("p50, times that before", before, beside, 0.5).target("≤ 2"),
                    ratio("p95, times that before", before, beside, 0.95).target("≤ 2"),
                    ratio("while they begin to fail, p50, times that before", before, begins, 0.5)
                            .target("≤ 2"),
                    ratio("while they begin to fail, p95, times that before", before, begins, 0.95)
                            .target("≤ 2"),
                    PushScenario.latency("beside " + dead + " dead webhooks, p50", beside, 0.5),
                    PushScenario.latency("beside " + dead + " dead webhooks, p95", beside, 0.95),
                    PushScenario.latency("while they begin to fail, p50", begins, 0.5),
                    PushScenario.latency("while they begin to fail, p95", begins, 0.95),
                    PushScenario.latency("before, p50", before, 0.5),
                    PushScenario.latency("before, p95", before, 0.95),
                    Figure.of("mails to the healthy webhook beside them", beside.size(), ""));
        }
    }

    private static Figure ratio(
            String name, Latencies.Sorted before, Latencies.Sorted after, double quantile) {
        double well = PushScenario.latency(name, before, quantile).value();
        double ill = PushScenario.latency(name, after, quantile).value();
        return Figure.of(name, ill / well, "×");
    }
}
