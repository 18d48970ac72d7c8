package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import java.util.ArrayList;
import java.util.List;

/** Mail to healthy mailboxes before something happens, and beside it. */
final class Beside {
    private final Phases phases;
    private final List<Figure> figures = new ArrayList<>();
    private double usual = Double.NaN;

    /**
     * @param first the number of the first healthy mailbox
     */
    Beside(Lab lab, Setting setting, int first, int healthy) {
        this.phases = new Phases(lab, setting, first, healthy, 20);
    }

    /** Measures for the scenario's time; the first is what the others are held against. */
    void measure(String what) throws InterruptedException {
        Latencies.Sorted sorted = phases.measure();
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
