package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import dev.mailbell.bench.sim.Receiver.Manner;
import java.util.List;

/**
 * Half of the webhooks fall ill, a part of them hang and a part cut the connection: whether the
 * others are served as before. Each webhook has its share of the mailboxes.
 */
final class SickScenario implements Scenario {
    private static final int RAMP_SECONDS = 300;

    @Override
    public List<Figure> run(Setting setting) throws InterruptedException {
        int mailboxes = setting.mailboxes().orElse(1_000);
        int webhooks = Math.min(mailboxes, setting.webhooks().orElse(100));
        Plan plan =
                Plan.imap(mailboxes, setting.tls(), !setting.poll(), setting.interval().orElse(120))
                        .webhooks(webhooks)
                        .groups(
                                (webhook, mailbox) ->
                                        webhook % 2 == 0 && mailbox % webhooks == webhook,
                                account -> "g" + account % webhooks,
                                webhook -> "g" + webhook);
        try (Lab lab = Lab.open(plan, setting)) {
            lab.register();
            lab.awaitWatching(RAMP_SECONDS);
            Phases phases = new Phases(lab, setting, 0, mailboxes, 100);
            Latencies.Sorted before = phases.measure();
            lab.receiver().manners(SickScenario::manner);
            Latencies.Sorted after = phases.measure();
            return List.of(
                    PushScenario.latency("healthy webhooks while half are ill, p99", after, 0.99)
                            .target("≤ 2 × before"),
                    PushScenario.latency("the same, p50", after, 0.5),
                    PushScenario.latency("the same, longest", after, 1),
                    PushScenario.latency("before, p99", before, 0.99),
                    PushScenario.latency("before, p50", before, 0.5),
                    PushScenario.latency("before, longest", before, 1),
                    Figure.of("mails to healthy webhooks meanwhile", after.size(), ""));
        }
    }

    private static Manner manner(int webhook) {
        return switch (webhook % 4) {
            case 1 -> Manner.HANGS;
            case 3 -> Manner.CUTS;
            default -> Manner.TAKES;
        };
    }
}
