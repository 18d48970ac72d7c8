package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import java.util.Random;

/** Mail at one rate to random mailboxes: a warm-up, then phases of one length that are measured. */
final class Phases {
    private static final int SETTLE_SECONDS = 120;

    private final Lab lab;
    private final MailStream stream;
    private final double rate;
    private final int seconds;

    /**
     * Warms up.
     *
     * @param first the number of the first mailbox that gets mail
     * @param count how many get mail
     * @param usualRate mails a second where the setting says nothing
     */
    Phases(Lab lab, Setting setting, int first, int count, double usualRate) {
        this.lab = lab;
        this.rate = setting.rate().orElse(usualRate);
        this.seconds = setting.seconds().orElse(60);
        Random random = new Random(setting.seed());
        this.stream = new MailStream(lab, () -> first + random.nextInt(count));
        stream.run(rate, setting.warmUp().orElse(30));
    }

    /** One phase: the latencies of the mail that comes in it, each counted once. */
    Latencies.Sorted measure() throws InterruptedException {
        lab.settle(SETTLE_SECONDS);
        long begun = System.nanoTime();
        stream.run(rate, seconds);
        long end = System.nanoTime();
        lab.settle(SETTLE_SECONDS);
        return lab.ledger().latencies().between(begun, end);
    }
}
