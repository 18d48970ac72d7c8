package dev.mailbell.bench;

import java.util.ArrayList;
import java.util.List;

/** {@code serve} on a data directory that is there: from the start of the process to ready. */
final class StartScenario implements Scenario {
    private static final int LONGEST_SECONDS = 300;
    private static final int STARTS = 5;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(1_000);
        Plan plan =
                Plan.imap(
                        mailboxes, options.tls(), !options.poll(), options.interval().orElse(120));
        try (TestBed testBed = TestBed.open(plan, options)) {
            double first = testBed.daemon().secondsToReady();
            testBed.register();
            testBed.awaitWatching(LONGEST_SECONDS);
            List<Double> starts = new ArrayList<>();
            List<Double> stops = new ArrayList<>();
            for (int i = 0; i < STARTS; i++) {
                long begun = System.nanoTime();
                testBed.daemon().close();
                stops.add((System.nanoTime() - begun) / 1e9);
                testBed.restart();
                starts.add(testBed.daemon().secondsToReady());
            }
            return List.of(
                    Figure.of("start to ready, median of " + STARTS, median(starts), "s")
                            .target("≤ 2"),
                    Figure.of(
                            "start to ready, longest of " + STARTS,
                            starts.stream().mapToDouble(Double::doubleValue).max().orElseThrow(),
                            "s"),
                    Figure.of("SIGTERM to the end, median", median(stops), "s"),
                    Figure.of("the very first start, which makes the database", first, "s"));
        }
    }

    private static double median(List<Double> values) {
        return Table.median(values.stream().mapToDouble(Double::doubleValue).sorted().toArray());
    }
}
