package dev.mailbell.bench;

import dev.mailbell.bench.sim.MailSim;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Some mailboxes get a message every 4 ms. Measures the latency of the other mail. */
final class FloodScenario implements Scenario {
    private static final int MOST = 40;
    private static final int FEW = 10;
    private static final int RAMP_SECONDS = 300;
    private static final long EVERY = TimeUnit.MILLISECONDS.toNanos(4);

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int healthy = options.mailboxes().orElse(1_000);
        Plan plan =
                Plan.imap(healthy + MOST, options.tls(), true, options.interval().orElse(120))
                        .webhooks(2)
                        .groups(
                                (webhook, mailbox) -> webhook == 0 && mailbox >= MOST,
                                account -> account < MOST ? "flood" : "healthy",
                                webhook -> webhook == 0 ? "healthy" : "flood");
        try (TestBed testBed = TestBed.open(plan, options)) {
            testBed.register();
            testBed.awaitWatching(RAMP_SECONDS);
            LatencyComparison beside = new LatencyComparison(testBed, options, MOST, healthy);
            beside.measure("mail before");
            AtomicInteger floods = new AtomicInteger(FEW);
            Thread flood = Thread.ofPlatform().daemon().start(() -> flood(testBed.mail(), floods));
            long deliveries = testBed.ledger().deliveries();
            long begun = System.nanoTime();
            beside.measure("beside " + FEW + " floods");
            beside.note(events(testBed, deliveries, begun, FEW));
            floods.set(MOST);
            deliveries = testBed.ledger().deliveries();
            begun = System.nanoTime();
            beside.measure("beside " + MOST + " floods");
            beside.note(events(testBed, deliveries, begun, MOST));
            floods.set(0);
            flood.join();
            return beside.figures();
        }
    }

    private static Figure events(TestBed testBed, long deliveriesBefore, long begun, int floods) {
        double seconds = (System.nanoTime() - begun) / 1e9;
        return Figure.of(
                "all deliveries a second, with " + floods + " floods",
                (testBed.ledger().deliveries() - deliveriesBefore) / seconds,
                "/s");
    }

    private static void flood(MailSim mail, AtomicInteger mailboxes) {
        long next = System.nanoTime();
        for (int now = mailboxes.get(); now > 0; now = mailboxes.get()) {
            for (int i = 0; i < now; i++) {
                mail.deliver(i);
            }
            next = Math.max(next + EVERY, System.nanoTime() - EVERY);
            LockSupport.parkNanos(next - System.nanoTime());
        }
    }
}
