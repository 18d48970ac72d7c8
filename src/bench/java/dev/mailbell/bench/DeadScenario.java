package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import dev.mailbell.bench.sim.Receiver.Behaviour;
import java.util.List;

/**
 * A healthy webhook receives every mail; then 1,000 others that cut every connection want all of it
 * as well. Measures whether the latency of the healthy one changes.
 */
final class DeadScenario implements Scenario {
    private static final int RAMP_SECONDS = 300;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(200);
        int dead = options.webhooks().orElse(1_000);
        Plan plan =
                Plan.imap(
                        mailboxes, options.tls(), !options.poll(), options.interval().orElse(120));
        try (TestBed testBed = TestBed.open(plan, options)) {
            testBed.register();
            testBed.awaitWatching(RAMP_SECONDS);
            LoadPhases load = new LoadPhases(testBed, options, 0, mailboxes, 10);
            Latencies.Sorted before = load.measure();
            testBed.receiver()
                    .behaviours(webhook -> webhook == 0 ? Behaviour.ACCEPTS : Behaviour.CUTS);
            testBed.addDead(dead);
            Latencies.Sorted begins = load.measure();
            Latencies.Sorted beside = load.measure();
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
        double usual = PushScenario.latency(name, before, quantile).value();
        double disturbed = PushScenario.latency(name, after, quantile).value();
        return Figure.of(name, disturbed / usual, "×");
    }
}
