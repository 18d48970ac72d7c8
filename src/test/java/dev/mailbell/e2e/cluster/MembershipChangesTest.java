package dev.mailbell.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.e2e.Rest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes join and leave, some of them unlike the others, and share the work meanwhile. */
class MembershipChangesTest {
    /** {@code -Dmailbell.cluster.nodes=10} for more. */
    private static final int SEVERAL = Integer.getInteger("mailbell.cluster.nodes", 3);

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
    void removeEnded() throws Exception {
        cluster.removeEnded();
    }

    @Test
    void two_nodes_on_one_database_share_the_work_and_each_answers_for_all() throws Exception {
        cluster.size(2);
        cluster.awaitShared();
        for (ClusterNode node : cluster.nodes()) {
            assertThat(node.rest().get("/v1/accounts?limit=500").expect(200).path("items").size())
                    .isEqualTo(cluster.mailboxes().size());
        }
        cluster.settle();
    }

    @Test
    void a_cluster_grows_to_several_nodes_and_shrinks_to_one() throws Exception {
        cluster.size(SEVERAL);
        cluster.awaitShared();
        cluster.awaitWatched();
        while (cluster.nodes().size() > 1) {
            cluster.stop(cluster.nodes().getFirst());
            cluster.awaitWatched();
        }
        cluster.settle();
    }

    @Test
    void restarting_each_node_in_turn_loses_nothing_while_mail_comes() throws Exception {
        cluster.size(3);
        cluster.awaitShared();
        try (MailFlow flow = new MailFlow(cluster, 1)) {
            for (ClusterNode node : cluster.nodes()) {
                cluster.stop(node);
                cluster.size(3);
            }
            assertThat(flow.arrived()).isPositive();
        }
        cluster.settle();
    }

    @Test
    void a_node_with_another_keyset_is_refused() throws Exception {
        cluster.size(1);
        ClusterNode stranger =
                cluster.start(
                        new ClusterNode.Settings(
                                Map.of(
                                        "MAILBELL_SECURITY_KEYSET",
                                        directory.resolve("other.json").toString()),
                                List.of(),
                                "2s"));
        assertThat(stranger.process().awaitExit()).as(stranger.log()).isNotZero();
        assertThat(stranger.log()).contains("keyset").doesNotContain("\tat ");
        cluster.removeEnded();
        cluster.settle();
    }

    @Test
    void a_node_with_another_configuration_and_clock_shares_the_work_exactly() throws Exception {
        cluster.size(1);
        ClusterNode ahead =
                cluster.start(ClusterNode.Settings.ahead(directory, Duration.ofMinutes(10), "3s"));
        ClusterNode behind =
                cluster.start(ClusterNode.Settings.ahead(directory, Duration.ofMinutes(-10), "2s"));
        ahead.rest();
        behind.rest();
        cluster.awaitShared();
        cluster.settle();
        ahead.reconfigure("2s");
        cluster.kill(ahead);
        cluster.settle();
        cluster.stop(behind);
        cluster.settle();
    }

    @Test
    void an_account_is_erased_through_one_node_while_another_delivers_for_it() throws Exception {
        cluster.size(2);
        cluster.awaitAtRest();
        Mailbox mailbox = cluster.mailboxes().getFirst();
        ClusterNode owner = cluster.ownerOf(mailbox);
        Rest other =
                cluster.nodes().stream()
                        .filter(node -> node != owner)
                        .findFirst()
                        .orElseThrow()
                        .rest();
        long before = cluster.announcements().posts(mailbox.account());
        cluster.announcements().hold(mailbox.account());
        try {
            cluster.mail().deliver(mailbox);
            await().until(() -> cluster.announcements().posts(mailbox.account()) == before + 1);
            cluster.mail().deliver(mailbox);
            cluster.forget(mailbox);
            other.send("DELETE", "/v1/accounts/" + mailbox.account(), null).expect(204);
            await().until(() -> cluster.mail().sessions().open(mailbox.user()).isEmpty());
        } finally {
            cluster.announcements().letGo(mailbox.account());
        }
        cluster.mail().deliver(mailbox);
        cluster.settle();
        assertThat(cluster.announcements().posts(mailbox.account())).isEqualTo(before + 1);
        assertThat(other.get("/v1/accounts/" + mailbox.account()).status()).isEqualTo(404);
        assertThat(owner.log()).doesNotContain("\tat dev.mailbell");
    }
}
