package dev.mailbell.bench;

import dev.mailbell.bench.compare.Load;
import dev.mailbell.bench.compare.Measurement;
import dev.mailbell.bench.compare.Subject;
import dev.mailbell.bench.daemon.Meter;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Random;

/** Mailbell under the load that others are given; its memory and CPU are PostgreSQL's too. */
final class MailbellSubject implements Subject {
    private static final int INTERVAL = 120;
    private static final int SETTLE_SECONDS = 60;

    private final List<String> daemon;

    /**
     * @param daemon the words that start it
     */
    MailbellSubject(List<String> daemon) {
        this.daemon = List.copyOf(daemon);
    }

    @Override
    public Measurement run(Load load) throws InterruptedException {
        try (TestBed testBed =
                TestBed.open(
                        Plan.imap(load.mailboxes(), load.tls(), true, INTERVAL), options(load))) {
            long begun = System.nanoTime();
            testBed.register();
            testBed.awaitWatching(load.readySeconds());
            double ready = testBed.daemon().secondsToReady() + (System.nanoTime() - begun) / 1e9;
            Random random = new Random(load.seed());
            MailStream stream = new MailStream(testBed, () -> random.nextInt(load.mailboxes()));
            stream.run(load.rate(), load.warmUp());
            testBed.settle(SETTLE_SECONDS);
            Meter meter = new Meter(testBed.daemon());
            Meter.Cpu before = meter.cpu();
            long from = System.nanoTime();
            int mails = stream.run(load.rate(), load.seconds());
            long to = System.nanoTime();
            testBed.settle(SETTLE_SECONDS);
            Meter.Cpu used = meter.cpu().minus(before);
            return new Measurement(
                    ready,
                    meter.daemonMegabytes() + meter.postgresqlMegabytes(),
                    testBed.ledger().latencies().between(from, to),
                    1e3 * (used.daemon() + used.postgresql()) / mails,
                    1e3 * used.bench() / mails,
                    0,
                    0);
        }
    }

    private BenchOptions options(Load load) {
        return new BenchOptions(
                OptionalInt.of(load.mailboxes()),
                OptionalInt.empty(),
                OptionalInt.of(load.seconds()),
                OptionalInt.of(load.warmUp()),
                OptionalDouble.of(load.rate()),
                load.tls(),
                OptionalInt.of(INTERVAL),
                false,
                false,
                load.seed(),
                load.javaOptions(),
                daemon);
    }
}
