package dev.mailbell.bench;

import dev.mailbell.bench.compare.Load;
import dev.mailbell.bench.compare.Measured;
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
    public Measured run(Load load) throws InterruptedException {
        try (Lab lab =
                Lab.open(Plan.imap(load.mailboxes(), load.tls(), true, INTERVAL), setting(load))) {
            long begun = System.nanoTime();
            lab.register();
            lab.awaitWatching(load.readySeconds());
            double ready = lab.daemon().secondsToReady() + (System.nanoTime() - begun) / 1e9;
            Random random = new Random(load.seed());
            MailStream stream = new MailStream(lab, () -> random.nextInt(load.mailboxes()));
            stream.run(load.rate(), load.warmUp());
            lab.settle(SETTLE_SECONDS);
            Meter meter = new Meter(lab.daemon());
            Meter.Cpu before = meter.cpu();
            long from = System.nanoTime();
            int mails = stream.run(load.rate(), load.seconds());
            long to = System.nanoTime();
            lab.settle(SETTLE_SECONDS);
            Meter.Cpu used = meter.cpu().minus(before);
            return new Measured(
                    ready,
                    meter.daemonMegabytes() + meter.postgresqlMegabytes(),
                    lab.ledger().latencies().between(from, to),
                    1e3 * (used.daemon() + used.postgresql()) / mails,
                    1e3 * used.bench() / mails,
                    0,
                    0);
        }
    }

    private Setting setting(Load load) {
        return new Setting(
                OptionalInt.of(load.mailboxes()),
                OptionalInt.empty(),
                OptionalInt.of(load.seconds()),
                OptionalInt.of(load.warmUp()),
                OptionalDouble.of(load.rate()),
                load.tls(),
                OptionalInt.of(INTERVAL),
                false,
                load.seed(),
                load.javaOptions(),
                daemon);
    }
}
