package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import java.util.List;

/** The daemon starts with all its accounts registered: how long until every mailbox idles again. */
final class RampScenario implements Scenario {
    private static final int LONGEST_SECONDS = 900;

    @Override
    public List<Figure> run(Setting setting) throws InterruptedException {
        int mailboxes = setting.mailboxes().orElse(10_000);
        Plan plan = Plan.imap(mailboxes, setting.tls(), true, setting.interval().orElse(120));
        try (Lab lab = Lab.open(plan, setting)) {
            long begun = System.nanoTime();
            lab.register();
            lab.awaitWatching(LONGEST_SECONDS);
            double registering = (System.nanoTime() - begun) / 1e9;
            lab.restart();
            double ready = lab.daemon().secondsToReady();
            long readyAt = System.nanoTime();
            long logins = lab.mail().logins();
            lab.awaitIdling(LONGEST_SECONDS);
            double watching = (System.nanoTime() - readyAt) / 1e9;
            Meter.Cpu used = new Meter(lab.daemon()).cpu();
            return List.of(
                    Figure.of("from ready to watching all", watching, "s")
                            .target(setting.tls() ? "≤ 30" : ""),
                    Figure.of("start to ready", ready, "s"),
                    Figure.of("logins", lab.mail().logins() - logins, "").target("one a mailbox"),
                    Figure.of(
                            "CPU of the daemon, a mailbox", 1e3 * used.daemon() / mailboxes, "ms"),
                    Figure.of("registering and watching all", registering, "s"));
        }
    }
}
