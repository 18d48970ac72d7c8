package dev.mailbell.bench;

import dev.mailbell.bench.sim.ImapServerSim;
import java.util.List;

/**
 * A mail server whose sessions are kept and polled falls silent, in a daemon with few permits for
 * checks. Measures the latency of pushed mail of another server.
 */
final class IsolationScenario implements Scenario {
    private static final int KEPT = 240;
    private static final int PERMITS = 16;
    private static final int RAMP_SECONDS = 300;
    private static final int INTERVAL = 5;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(500);
        Plan plan =
                Plan.imap(mailboxes, options.tls(), true, options.interval().orElse(120))
                        .groups(
                                (webhook, mailbox) -> true,
                                account -> "healthy",
                                webhook -> "healthy")
                        .concurrency(PERMITS);
        try (TestBed testBed = TestBed.open(plan, options);
                ImapServerSim silent = new ImapServerSim(KEPT, 1, null)) {
            testBed.register();
            ExtraAccounts extraAccounts = new ExtraAccounts();
            for (int i = 0; i < KEPT; i++) {
                extraAccounts.add(i, silent.host(i), silent.port(), false, INTERVAL);
            }
            extraAccounts.register(testBed.daemon().api());
            testBed.awaitWatching(RAMP_SECONDS);
            LatencyComparison beside = new LatencyComparison(testBed, options, 0, mailboxes);
            beside.measure("pushed mail before");
            for (int i = 0; i < KEPT; i++) {
                silent.stall(i);
            }
            beside.measure("beside a silent server");
            beside.note(Figure.of("sessions that were kept there", silent.connections(), ""));
            return beside.figures();
        }
    }
}
