package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/**
 * Half of the mailboxes idle, half are polled; mail arrives at random while connections are dropped
 * and others fall silent. In the end each message must have been announced once, and the daemon
 * must use no more memory, threads and files than in the beginning.
 */
final class SoakScenario implements Scenario {
    private static final int RAMP_SECONDS = 600;
    private static final int SETTLE_SECONDS = 300;
    private static final int INTERVAL_SECONDS = 60;
    private static final int SAFETY_SECONDS = 60;
    private static final int SAMPLES = 6;
    private static final double DROPS_PER_SECOND = 5;
    private static final double STALLS_PER_SECOND = 1;

    /** What the daemon uses at a moment, after a full collection. */
    private record Sample(double heap, double memory, int threads, int files) {
        static Sample of(Meter meter) {
            return new Sample(
                    meter.daemonHeapMegabytes(),
                    meter.daemonMegabytes(),
                    meter.daemonThreads(),
                    meter.daemonFiles());
        }
    }

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(4_000);
        int seconds = options.seconds().orElse(1_800);
        double rate = options.rate().orElse(20);
        Plan plan =
                Plan.imap(mailboxes, options.tls(), true, INTERVAL_SECONDS)
                        .mixed(mailboxes / 2, SAFETY_SECONDS);
        try (TestBed testBed = TestBed.open(plan, options)) {
            testBed.register();
            testBed.awaitWatching(RAMP_SECONDS);
            Random random = new Random(options.seed());
            MailStream stream =
                    new MailStream(
                            testBed,
                            () -> {
                                disturb(testBed, random, rate, mailboxes);
                                return random.nextInt(mailboxes);
                            });
            Meter meter = new Meter(testBed.daemon());
            List<Sample> samples = new ArrayList<>();
            int mails = 0;
            for (int i = 0; i < SAMPLES; i++) {
                mails += stream.run(rate, (double) seconds / SAMPLES);
                samples.add(Sample.of(meter));
                System.err.printf("soak: %d mails, %s%n", mails, samples.getLast());
            }
            testBed.settle(SETTLE_SECONDS);
            testBed.awaitIdling(SETTLE_SECONDS);
            int sessions = testBed.mail().connections();
            return List.of(
                    Figure.of("mails, each counted once", mails, "").target("all"),
                    Figure.of("deliveries that came twice", testBed.ledger().repeated(), ""),
                    Figure.of("logins, all in all", testBed.mail().logins(), ""),
                    Figure.of("sessions at the end", sessions, "").target("≤ " + mailboxes),
                    first("heap after a collection", samples, Sample::heap, "MB"),
                    last("heap after a collection", samples, Sample::heap, "MB"),
                    first("memory (RSS)", samples, Sample::memory, "MB"),
                    last("memory (RSS)", samples, Sample::memory, "MB"),
                    first("threads", samples, Sample::threads, ""),
                    last("threads", samples, Sample::threads, ""),
                    first("open files", samples, Sample::files, ""),
                    last("open files", samples, Sample::files, ""));
        }
    }

    /** Before each mail, as often as makes so many drops and stalls a second. */
    private static void disturb(TestBed testBed, Random random, double rate, int mailboxes) {
        if (random.nextDouble() < DROPS_PER_SECOND / rate) {
            testBed.mail().drop(random.nextInt(mailboxes));
        }
        if (random.nextDouble() < STALLS_PER_SECOND / rate) {
            testBed.mail().stall(random.nextInt(mailboxes));
        }
    }

    private static Figure first(
            String what, List<Sample> samples, ToDoubleFunction<Sample> figure, String unit) {
        return Figure.of(
                what + ", after a sixth of the time",
                figure.applyAsDouble(samples.getFirst()),
                unit);
    }

    private static Figure last(
            String what, List<Sample> samples, ToDoubleFunction<Sample> figure, String unit) {
        return Figure.of(what + ", at the end", figure.applyAsDouble(samples.getLast()), unit);
    }
}
