package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/**
 * Half of the mailboxes idle, half are polled; mail arrives at random while connections are dropped
 * and others fall silent. In the end each message must have been told once, and what the daemon
 * holds must be what it held at the beginning.
 */
final class SoakScenario implements Scenario {
    private static final int RAMP_SECONDS = 600;
    private static final int SETTLE_SECONDS = 300;
    private static final int INTERVAL_SECONDS = 60;
    private static final int SAFETY_SECONDS = 60;
    private static final int SAMPLES = 6;
    private static final double DROPS_PER_SECOND = 5;
    private static final double STALLS_PER_SECOND = 1;

    /** What the daemon holds at a moment, after a full collection. */
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
    public List<Figure> run(Setting setting) throws InterruptedException {
        int mailboxes = setting.mailboxes().orElse(4_000);
        int seconds = setting.seconds().orElse(1_800);
        double rate = setting.rate().orElse(20);
        Plan plan =
                Plan.imap(mailboxes, setting.tls(), true, INTERVAL_SECONDS)
                        .mixed(mailboxes / 2, SAFETY_SECONDS);
        try (Lab lab = Lab.open(plan, setting)) {
            lab.register();
            lab.awaitWatching(RAMP_SECONDS);
            Random random = new Random(setting.seed());
            MailStream stream =
                    new MailStream(
                            lab,
                            () -> {
                                disturb(lab, random, rate, mailboxes);
                                return random.nextInt(mailboxes);
                            });
            Meter meter = new Meter(lab.daemon());
            List<Sample> samples = new ArrayList<>();
            int mails = 0;
            for (int i = 0; i < SAMPLES; i++) {
                mails += stream.run(rate, (double) seconds / SAMPLES);
                samples.add(Sample.of(meter));
                System.err.printf("soak: %d mails, %s%n", mails, samples.getLast());
            }
            lab.settle(SETTLE_SECONDS);
            lab.awaitIdling(SETTLE_SECONDS);
            int sessions = lab.mail().connections();
            return List.of(
                    Figure.of("mails, each counted once", mails, "").target("all"),
                    Figure.of("deliveries that came twice", lab.ledger().repeated(), ""),
                    Figure.of("logins, all in all", lab.mail().logins(), ""),
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
    private static void disturb(Lab lab, Random random, double rate, int mailboxes) {
        if (random.nextDouble() < DROPS_PER_SECOND / rate) {
            lab.mail().drop(random.nextInt(mailboxes));
        }
        if (random.nextDouble() < STALLS_PER_SECOND / rate) {
            lab.mail().stall(random.nextInt(mailboxes));
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
