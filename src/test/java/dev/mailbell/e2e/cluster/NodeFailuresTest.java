package dev.mailbell.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.e2e.Rest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nodes of a cluster of three are killed or frozen. {@code -Dmailbell.cluster.freeze=30} for a
 * freeze that is longer by that in seconds.
 */
class NodeFailuresTest {
    /** After the others have taken over. */
    private static final Duration FREEZE =
            Duration.ofSeconds(Integer.getInteger("mailbell.cluster.freeze", 0));

    @TempDir private static Path directory;

    private static Cluster cluster;

    @BeforeAll
    static void open() throws Exception {
        cluster = Cluster.open(directory, 15, 15);
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
    }

    @Test
    void the_mailboxes_of_a_node_that_is_killed_are_watched_by_the_others() throws Exception {
        cluster.kill(cluster.nodes().get(1));
        cluster.settle();
        assertThat(cluster.openSessions()).hasSize(2);
    }

    @Test
    void one_node_watches_everything_when_the_two_others_are_killed() throws Exception {
        cluster.kill(cluster.nodes().get(2));
        cluster.kill(cluster.nodes().get(0));
        cluster.settle();
        assertThat(cluster.openSessions()).hasSize(1);
    }

    @Test
    void mail_that_came_while_all_nodes_were_dead_is_found_by_the_next_ones() throws Exception {
        for (ClusterNode node : cluster.nodes()) {
            cluster.kill(node);
        }
        cluster.mailboxes().forEach(cluster.mail()::deliver);
        cluster.size(3);
        cluster.settle();
    }

    @Test
    void a_frozen_node_is_replaced_and_does_no_harm_when_it_wakes() throws Exception {
        ClusterNode frozen = cluster.nodes().get(0);
        frozen.freeze();
        cluster.mailboxes().forEach(cluster.mail()::deliver);
        cluster.awaitWatched();
        Cluster.pass(FREEZE);
        frozen.thaw();
        cluster.settle();
        // It works again, or has ended for good.
        await().until(() -> !frozen.isAlive() || frozen.rest().get("/readyz").status() == 200);
        cluster.removeEnded();
        cluster.size(3);
        cluster.settle();
    }

    @Test
    void a_forwarded_check_whose_owner_dies_is_answered_in_time_and_can_be_repeated()
            throws Exception {
        cluster.awaitAtRest();
        Mailbox mailbox = cluster.mailboxes().getFirst();
        ClusterNode owner = cluster.ownerOf(mailbox);
        ClusterNode other =
                cluster.nodes().stream().filter(node -> node != owner).findFirst().orElseThrow();
        Rest rest = other.rest();
        String path = "/v1/accounts/" + mailbox.account() + "/check";
        cluster.mail().hold(mailbox);
        CompletableFuture<Rest.Answer> answer =
                CompletableFuture.supplyAsync(() -> rest.post(path, null));
        await().until(() -> cluster.mail().holds(mailbox));
        assertThat(answer).isNotDone();
        cluster.kill(owner);
        cluster.mail().letGo(mailbox);
        assertThat(answer.get(60, TimeUnit.SECONDS).status()).isEqualTo(503);
        await().untilAsserted(() -> assertThat(rest.post(path, null).status()).isEqualTo(200));
        cluster.settle();
    }

    @Test
    void any_node_answers_for_every_account() {
        for (ClusterNode node : cluster.nodes()) {
            Rest rest = node.rest();
            for (Mailbox mailbox : cluster.mailboxes()) {
                rest.check(mailbox.account());
            }
        }
        cluster.settle();
    }

    @Test
    void a_maildrop_that_has_one_session_at_most_is_never_found_locked() throws Exception {
        List<Mailbox> drops = cluster.mailboxes().stream().filter(Mailbox::pop3).toList();
        int before = cluster.mail().lockedOut(drops);
        cluster.kill(cluster.nodes().get(0));
        cluster.awaitWatched();
        cluster.stop(cluster.nodes().get(0));
        cluster.awaitWatched();
        cluster.size(3);
        cluster.awaitShared();
        Duration longest = cluster.awaitWatched();
        assertThat(cluster.mail().lockedOut(drops)).as("after %s", longest).isEqualTo(before);
        cluster.settle();
    }
}
