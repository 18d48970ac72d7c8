package dev.mailbell.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.e2e.Rest;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A random history of a cluster under mail: {@code -Dmailbell.cluster=200} for more steps than a
 * build has time for, {@code -Dmailbell.cluster.seed} for one that was before, {@code
 * -Dmailbell.cluster.nodes=10} for more nodes, {@code -Dmailbell.cluster.failure=40} for freezes,
 * cuts and stalls of up to so many seconds.
 */
class ClusterHistoryTest {
    private static final int STEPS = Integer.getInteger("mailbell.cluster", 4);
    private static final long SEED = Long.getLong("mailbell.cluster.seed", System.nanoTime());
    private static final int NODES = Integer.getInteger("mailbell.cluster.nodes", 3);

    /** A node may miss heartbeats for less time than this, or for more. */
    private static final int LONGEST_FAILURE_MILLIS =
            1_000 * Integer.getInteger("mailbell.cluster.failure", 9);

    @TempDir private Path directory;

    /** What happens to the cluster. */
    private enum Step {
        KILL_ONE,
        KILL_ONE_AND_STOP_ANOTHER,
        KILL_ALL,
        STOP_ONE,
        FREEZE_ONE,
        CUT_ONE_OFF,
        STALL_ONE,
        CUT_ALL_OFF,
        RESTART_POSTGRESQL,
        LOSE_NOTIFICATIONS,
        GROW
    }

    @Test
    void a_random_history_loses_nothing_repeats_nothing_and_keeps_one_session_an_account()
            throws Exception {
        Random random = new Random(SEED);
        List<Step> done = new ArrayList<>();
        try (Cluster cluster = Cluster.withOwnServer(directory, 30, 30)) {
            cluster.size(NODES);
            cluster.awaitShared();
            try (MailFlow flow = new MailFlow(cluster, SEED)) {
                for (Step step : steps(random)) {
                    done.add(step);
                    run(step, cluster, random);
                    cluster.removeEnded();
                    cluster.size(NODES);
                    cluster.awaitWatched();
                    checkThroughAnyNode(cluster, random);
                    cluster.assertNothingDoubled();
                }
                assertThat(flow.arrived()).isPositive();
            }
            cluster.settle();
        } catch (AssertionError e) {
            throw new AssertionError("seed " + SEED + ", steps " + done, e);
        }
    }

    /** Each kind once, as long as there are steps, then each again in another order. */
    private static List<Step> steps(Random random) {
        List<Step> steps = new ArrayList<>();
        while (steps.size() < STEPS) {
            List<Step> all = new ArrayList<>(EnumSet.allOf(Step.class));
            Collections.shuffle(all, random);
            steps.addAll(all);
        }
        return steps.subList(0, STEPS);
    }

    private static void run(Step step, Cluster cluster, Random random) throws Exception {
        ClusterNode one = pick(cluster, random);
        Duration time = Duration.ofMillis(random.nextInt(LONGEST_FAILURE_MILLIS));
        switch (step) {
            case KILL_ONE -> cluster.kill(one);
            case KILL_ONE_AND_STOP_ANOTHER -> {
                cluster.kill(one);
                cluster.stop(pick(cluster, random));
            }
            case KILL_ALL -> {
                for (ClusterNode node : cluster.nodes()) {
                    cluster.kill(node);
                }
            }
            case STOP_ONE -> cluster.stop(one);
            case FREEZE_ONE -> {
                one.freeze();
                Cluster.pass(time);
                one.thaw();
            }
            case CUT_ONE_OFF -> {
                one.database().cut();
                Cluster.pass(time);
                one.database().restore();
            }
            case STALL_ONE -> {
                one.database().stall();
                Cluster.pass(time);
                one.database().restore();
            }
            case CUT_ALL_OFF -> {
                cluster.nodes().forEach(node -> node.database().cut());
                Cluster.pass(time);
                cluster.nodes().forEach(node -> node.database().restore());
            }
            case RESTART_POSTGRESQL -> cluster.restartPostgres();
            case LOSE_NOTIFICATIONS ->
                    cluster.nodes().forEach(node -> node.database().loseNotifications(true));
            case GROW -> cluster.size(NODES + 1);
        }
        if (cluster.nodes().size() > NODES) {
            cluster.stop(pick(cluster, random));
        }
    }

    private static ClusterNode pick(Cluster cluster, Random random) {
        List<ClusterNode> nodes = cluster.nodes();
        return nodes.get(random.nextInt(nodes.size()));
    }

    /** Shards may move at that moment, so that no owner answers; another answer is a fault. */
    private static void checkThroughAnyNode(Cluster cluster, Random random) {
        Rest rest = pick(cluster, random).rest();
        List<Mailbox> mailboxes = cluster.mailboxes();
        Mailbox mailbox = mailboxes.get(random.nextInt(mailboxes.size()));
        try {
            Rest.Answer answer = rest.post("/v1/accounts/" + mailbox.account() + "/check", null);
            assertThat(answer.status()).as("%s", answer.body()).isIn(200, 503);
        } catch (UncheckedIOException e) {
            throw new AssertionError("no answer of " + rest.uri(), e);
        }
    }
}
