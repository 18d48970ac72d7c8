package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import dev.mailbell.bench.sim.Latencies;
import java.util.List;
import java.util.Random;

/** Mail at one rate to random mailboxes: a warm-up, then measured phases of equal length. */
final class LoadPhases {
    private static final int SETTLE_SECONDS = 120;

    private final TestBed testBed;
    private final MailStream stream;
    private final double rate;
    private final int seconds;
    private final boolean eachSecond;
    private long begun;
    private long end;

    /**
     * Warms up.
     *
     * @param first the number of the first mailbox that gets mail
     * @param count how many mailboxes get mail
     * @param usualRate mails a second unless the options give a rate
     */
    LoadPhases(TestBed testBed, BenchOptions options, int first, int count, double usualRate) {
        this.testBed = testBed;
        this.rate = options.rate().orElse(usualRate);
        this.seconds = options.seconds().orElse(60);
        this.eachSecond = options.eachSecond();
        Random random = new Random(options.seed());
        this.stream = new MailStream(testBed, () -> first + random.nextInt(count));
        stream.run(rate, options.warmUp().orElse(30));
    }

    /** One phase: the latencies of the mail that comes in it, each counted once. */
    Latencies.Sorted measure() throws InterruptedException {
        testBed.settle(SETTLE_SECONDS);
        EachSecond shown =
                eachSecond ? EachSecond.begin(new Meter(testBed.daemon()), seconds) : null;
        begun = System.nanoTime();
        stream.run(rate, seconds);
        end = System.nanoTime();
        testBed.settle(SETTLE_SECONDS);
        if (shown != null) {
            shown.print(testBed.ledger().latencies(), mailbox -> true);
        }
        return testBed.ledger().latencies().between(begun, end);
    }

    /**
     * How late the load generator itself was in the last phase. What it shares with the daemon, the
     * cores and their scheduler, delays both.
     */
    List<Figure> lateness(String what) {
        Latencies.Sorted late = stream.lateness().between(begun, end);
        return List.of(
                PushScenario.latency(what + ", load generator late, p95", late, 0.95),
                PushScenario.latency(what + ", load generator late, p99", late, 0.99));
    }
}
