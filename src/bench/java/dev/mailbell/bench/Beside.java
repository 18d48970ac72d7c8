package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Mail to healthy mailboxes before something happens, and beside it. */
final class Beside {
    private static final int SETTLE_SECONDS = 120;

    private final Lab lab;
    private final MailStream stream;
    private final double rate;
    private final int seconds;
    private final List<Figure> figures = new ArrayList<>();
    private double usual = Double.NaN;

    /**
     * @param first the number of the first healthy mailbox
     */
    Beside(Lab lab, Setting setting, int first, int healthy) {
        this.lab = lab;
        this.rate = setting.rate().orElse(20);
        this.seconds = setting.seconds().orElse(60);
        Random random = new Random(setting.seed());
        this.stream = new MailStream(lab, () -> first + random.nextInt(healthy));
        stream.run(rate, setting.warmUp().orElse(30));
    }

    /** Measures for the scenario's time; the first is what the others are held against. */
    void measure(String what) throws InterruptedException {
        lab.settle(SETTLE_SECONDS);
        long begun = System.nanoTime();
        stream.run(rate, seconds);
        long end = System.nanoTime();
        lab.settle(SETTLE_SECONDS);
        Latencies.Sorted sorted = lab.ledger().latencies().between(begun, end);
        double tail = sorted.percentile(0.95);
        figures.add(PushScenario.latency(what + ", p50", sorted, 0.5));
        figures.add(PushScenario.latency(what + ", p95", sorted, 0.95));
        figures.add(PushScenario.latency(what + ", longest", sorted, 1));
        if (Double.isNaN(usual)) {
            usual = tail;
        } else {
            figures.add(Figure.of(what + ", p95 as a multiple", tail / usual, "×").target("≤ 2"));
        }
    }

    void note(Figure figure) {
        figures.add(figure);
    }

    List<Figure> figures() {
        return List.copyOf(figures);
    }
}
