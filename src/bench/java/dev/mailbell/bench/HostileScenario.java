package dev.mailbell.bench;

import dev.mailbell.bench.sim.HostileServers;
import java.util.List;

/**
 * Hostile mail servers of several kinds, each at an address of its own. Measures the latency of the
 * other mail.
 */
final class HostileScenario implements Scenario {
    private static final int SERVERS = 300;
    private static final int RAMP_SECONDS = 300;
    private static final int INTERVAL = 30;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(1_000);
        Plan plan =
                Plan.imap(mailboxes, options.tls(), true, options.interval().orElse(120))
                        .groups(
                                (webhook, mailbox) -> true,
                                account -> "healthy",
                                webhook -> "healthy");
        try (TestBed testBed = TestBed.open(plan, options);
                HostileServers hostile = new HostileServers(SERVERS)) {
            testBed.register();
            testBed.awaitWatching(RAMP_SECONDS);
            LatencyComparison beside = new LatencyComparison(testBed, options, 0, mailboxes);
            beside.measure("mail before");
            ExtraAccounts extraAccounts = new ExtraAccounts();
            for (int i = 0; i < SERVERS; i++) {
                extraAccounts.add(i, hostile.host(i), hostile.port(i), true, INTERVAL);
            }
            extraAccounts.register(testBed.daemon().api());
            beside.measure("beside " + SERVERS + " hostile servers");
            beside.note(Figure.of("connections to them", hostile.connections(), ""));
            beside.note(Figure.of("octets that they sent", hostile.octets() / 1e6, "MB"));
            return beside.figures();
        }
    }
}
