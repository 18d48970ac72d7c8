package dev.mailbell.bench;

import dev.mailbell.account.Account;
import dev.mailbell.cluster.ClusterSimulation;
import dev.mailbell.cluster.ClusterSimulation.Change;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.ToDoubleFunction;

/**
 * 200 nodes join and die one after the other, on a stepped clock and with tables in memory. The
 * seconds of the options are simulated ones: one join and one death in about ten.
 */
final class ClusterSimScenario implements Scenario {
    private static final int NODES = 200;
    private static final int SHARDS = 1024;
    private static final int IDLE_SECONDS = 20;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int accounts = options.mailboxes().orElse(10_000_000);
        int pairs = Math.max(1, options.seconds().orElse(1_000) / 10);
        ClusterSimulation simulation = new ClusterSimulation(NODES, options.seed());
        double idle = simulation.idleRows(IDLE_SECONDS);
        List<Change> joins = new ArrayList<>();
        List<Change> deaths = new ArrayList<>();
        for (int pair = 0; pair < pairs; pair++) {
            joins.add(simulation.change(true));
            deaths.add(simulation.change(false));
        }
        double ideal = (double) SHARDS / (NODES + 1);
        List<Figure> figures = new ArrayList<>();
        add(figures, "a join", joins, ideal, "≤ 2", 2);
        add(figures, "a death", deaths, ideal, "≤ 1", 7);
        figures.add(
                Figure.of("rows written a node and second, nothing changes", idle, "")
                        .target("≤ 1.2"));
        figures.add(
                Figure.of(
                        "accounts of the busiest node, of the mean",
                        simulation.busiest(accounts(accounts, options.seed())),
                        "×"));
        return figures;
    }

    private static void add(
            List<Figure> figures,
            String what,
            List<Change> changes,
            double ideal,
            String rows,
            int seconds) {
        double planned = sum(changes, Change::planned);
        double moved = sum(changes, Change::moved);
        figures.add(
                Figure.of(what + ": shards moved, of those that must", moved / planned, "×")
                        .target("≤ 1.05"));
        figures.add(
                Figure.of(
                        what + ": shards moved, of 1,024 / nodes",
                        moved / changes.size() / ideal,
                        "×"));
        figures.add(
                Figure.of(
                                what + ": rows of shards written a shard moved",
                                sum(changes, change -> change.rows()) / moved,
                                "")
                        .target(rows));
        figures.add(
                Figure.of(
                                what + ": until every shard is owned, longest",
                                changes.stream().mapToDouble(Change::seconds).max().orElse(0),
                                "s")
                        .target("≤ " + seconds));
    }

    private static double sum(List<Change> changes, ToDoubleFunction<Change> value) {
        return changes.stream().mapToDouble(value).sum();
    }

    private static long[] accounts(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long[] accounts = new long[SHARDS];
        for (int i = 0; i < count; i++) {
            accounts[Account.shardOf(new UUID(random.nextLong(), random.nextLong()))]++;
        }
        return accounts;
    }
}
