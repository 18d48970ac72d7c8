package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import dev.mailbell.bench.sim.Receiver.Behaviour;
import java.util.List;

/**
 * Half of the webhooks fail: some hang and some cut the connection. Measures whether the others are
 * served as before. Each webhook has its share of the mailboxes.
 */
final class SickScenario implements Scenario {
    private static final int RAMP_SECONDS = 300;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(1_000);
        int webhooks = Math.min(mailboxes, options.webhooks().orElse(100));
        Plan plan =
                Plan.imap(mailboxes, options.tls(), !options.poll(), options.interval().orElse(120))
                        .webhooks(webhooks)
                        .groups(
                                (webhook, mailbox) ->
                                        webhook % 2 == 0 && mailbox % webhooks == webhook,
                                account -> "g" + account % webhooks,
                                webhook -> "g" + webhook);
        try (TestBed testBed = TestBed.open(plan, options)) {
            testBed.register();
            testBed.awaitWatching(RAMP_SECONDS);
            LoadPhases load = new LoadPhases(testBed, options, 0, mailboxes, 100);
            Latencies.Sorted before = load.measure();
            testBed.receiver().behaviours(SickScenario::behaviour);
            Latencies.Sorted after = load.measure();
            return List.of(
                    PushScenario.latency(
                                    "healthy webhooks while half are failing, p99", after, 0.99)
                            .target("≤ 2 × before"),
                    PushScenario.latency("the same, p50", after, 0.5),
                    PushScenario.latency("the same, longest", after, 1),
                    PushScenario.latency("before, p99", before, 0.99),
                    PushScenario.latency("before, p50", before, 0.5),
                    PushScenario.latency("before, longest", before, 1),
                    Figure.of("mails to healthy webhooks meanwhile", after.size(), ""));
        }
    }

    private static Behaviour behaviour(int webhook) {
        return switch (webhook % 4) {
            case 1 -> Behaviour.HANGS;
            case 3 -> Behaviour.CUTS;
            default -> Behaviour.ACCEPTS;
        };
    }
}
