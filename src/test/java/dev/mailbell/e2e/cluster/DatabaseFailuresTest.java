package dev.mailbell.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The way of one node to PostgreSQL fails, or PostgreSQL itself. {@code -Dmailbell.cluster.cut=30}
 * for a failure that is longer by that in seconds.
 */
class DatabaseFailuresTest {
    /** After the others have taken over. */
    private static final Duration CUT =
            Duration.ofSeconds(Integer.getInteger("mailbell.cluster.cut", 0));

    @TempDir private static Path directory;

    private static Cluster cluster;

    @BeforeAll
    static void open() throws Exception {
        cluster = Cluster.withOwnServer(directory, 15, 15);
    }

    @AfterAll
    static void close() throws Exception {
        cluster.close();
    }

    @BeforeEach
    void three() throws Exception {
        cluster.removeEnded();
        cluster.size(3);
        cluster.awaitShared();
        // Each node has its sessions: one that had none yet could not be seen to let go of them.
        cluster.awaitWatched();
    }

    @Test
    void a_node_that_is_cut_off_lets_go_before_the_others_take_over() throws Exception {
        ClusterNode cut = cluster.nodes().get(1);
        cut.database().cut();
        whileAway(cut);
    }

    @Test
    void so_does_one_whose_connections_stall() throws Exception {
        ClusterNode stalled = cluster.nodes().get(1);
        stalled.database().stall();
        whileAway(stalled);
    }

    private static void whileAway(ClusterNode away) throws Exception {
        // Having no session says nothing of a node to which no account of IMAP belongs, by chance.
        await().until(() ->
                away.rest().get("/readyz").body().toString().contains("cannot renew its heartbeat")
                        && !cluster.openSessions().containsKey(away.number()));
        long begun = System.nanoTime();
        cluster.awaitWatched();
        Cluster.pass(CUT);
        assertThat(cluster.mail().sessions().begunBy(away.number(), begun)).isZero();
        assertThat(away.rest().get("/readyz").status()).isEqualTo(503);
        away.database().restore();
        cluster.settle();
        await().until(() -> away.rest().get("/readyz").status() == 200);
        cluster.awaitShared();
        cluster.settle();
    }

    @Test
    void a_restart_of_postgresql_loses_nothing() throws Exception {
        cluster.mailboxes().forEach(cluster.mail()::deliver);
        cluster.nodes().forEach(node -> node.database().cut());
        cluster.restartPostgres();
        Cluster.pass(CUT);
        cluster.mailboxes().forEach(cluster.mail()::deliver);
        cluster.nodes().forEach(node -> node.database().restore());
        cluster.settle();
        assertThat(cluster.nodes()).allMatch(ClusterNode::isAlive);
    }

    @Test
    void a_change_through_another_node_arrives_although_notifications_are_lost() throws Exception {
        cluster.nodes().forEach(node -> node.database().loseNotifications(true));
        Mailbox mailbox = cluster.mailboxes().getFirst();
        ClusterNode owner = cluster.ownerOf(mailbox);
        ClusterNode other =
                cluster.nodes().stream().filter(node -> node != owner).findFirst().orElseThrow();
        cluster.forget(mailbox);
        other.rest().send("DELETE", "/v1/accounts/" + mailbox.account(), null).expect(204);
        await().until(() -> cluster.mail().sessions().open(mailbox.user()).isEmpty());
        cluster.nodes().forEach(node -> node.database().loseNotifications(false));
        cluster.settle();
    }
}
