package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import java.util.ArrayList;
import java.util.List;

/** The latency of mail to healthy mailboxes before a disturbance and during it. */
final class LatencyComparison {
    private final LoadPhases load;
    private final List<Figure> figures = new ArrayList<>();
    private double baseline = Double.NaN;

    /**
     * @param first the number of the first healthy mailbox
     */
    LatencyComparison(TestBed testBed, BenchOptions options, int first, int healthy) {
        this.load = new LoadPhases(testBed, options, first, healthy, 20);
    }

    /** Measures for the scenario's time; the later measurements are compared with the first. */
    void measure(String what) throws InterruptedException {
        Latencies.Sorted sorted = load.measure();
        double tail = sorted.percentile(0.95);
        figures.add(PushScenario.latency(what + ", p50", sorted, 0.5));
        figures.add(PushScenario.latency(what + ", p95", sorted, 0.95));
        figures.add(PushScenario.latency(what + ", longest", sorted, 1));
        figures.addAll(load.lateness(what));
        if (Double.isNaN(baseline)) {
            baseline = tail;
        } else {
            figures.add(
                    Figure.of(what + ", p95 as a multiple", tail / baseline, "×").target("≤ 2"));
        }
    }

    void note(Figure figure) {
        figures.add(figure);
    }

    List<Figure> figures() {
        return List.copyOf(figures);
    }
}
