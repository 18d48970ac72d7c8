package dev.mailbell.bench;

import dev.mailbell.bench.net.Listener;
import dev.mailbell.bench.sim.HostileHandler;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Hostile mail servers of several kinds, each at an address of its own. Measures the latency of the
 * other mail.
 */
final class HostileScenario implements Scenario {
    private static final int SERVERS = 300;
    private static final int ADDRESSES = 150;
    private static final int RAMP_SECONDS = 300;
    private static final int INTERVAL = 30;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(1_000);
        AtomicInteger connections = new AtomicInteger();
        Plan plan =
                Plan.imap(mailboxes, options.tls(), true, options.interval().orElse(120))
                        .groups(
                                (webhook, mailbox) -> true,
                                account -> "healthy",
                                webhook -> "healthy");
        try (TestBed testBed = TestBed.open(plan, options);
                Listener first = listener(connections);
                Listener second = listener(connections)) {
            testBed.register();
            testBed.awaitWatching(RAMP_SECONDS);
            LatencyComparison beside = new LatencyComparison(testBed, options, 0, mailboxes);
            beside.measure("mail before");
            ExtraAccounts extraAccounts = new ExtraAccounts();
            for (int i = 0; i < SERVERS; i++) {
                Listener server = i < ADDRESSES ? first : second;
                extraAccounts.add(i, server.host(i), server.port(), true, INTERVAL);
            }
            extraAccounts.register(testBed.daemon().api());
            beside.measure("beside " + SERVERS + " hostile servers");
            beside.note(Figure.of("connections to them", connections.get(), ""));
            return beside.figures();
        }
    }

    private static Listener listener(AtomicInteger connections) {
        return Listener.open(
                ADDRESSES, null, () -> new HostileHandler(connections.getAndIncrement()));
    }
}
