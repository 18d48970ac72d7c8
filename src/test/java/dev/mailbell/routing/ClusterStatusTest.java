package dev.mailbell.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.api.TestApi;
import dev.mailbell.routing.node.Messages;
import dev.mailbell.routing.node.Reply;
import dev.mailbell.status.LocalStatus;
import dev.mailbell.status.NodeStatus;
import dev.mailbell.status.NodeStatus.HostView;
import dev.mailbell.status.Point;
import dev.mailbell.status.TestStatus;
import dev.mailbell.watch.account.AccountModes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ClusterStatusTest {
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private static final NodeStatus BUSY =
            new NodeStatus(
                    List.of(
                            new HostView(
                                    "imap.example.org",
                                    3,
                                    2,
                                    1,
                                    null,
                                    0.5,
                                    4,
                                    "timeout",
                                    Instant.parse("2026-11-20T23:59:07.123Z"))),
                    1,
                    new AccountModes(2, 1, 0),
                    4.5,
                    true,
                    List.of(new Point(30, 5, 1, 0, 1, 0, List.of(1.0, 1.0), 0, 0, 0)));

    private static final LocalStatus LOCAL =
            new LocalStatus() {
                @Override
                public NodeStatus now() {
                    return BUSY;
                }

                @Override
                public AccountModes modes(UUID client) {
                    return new AccountModes(1, 0, 0);
                }
            };

    @Test
    void each_node_says_how_it_is_and_one_that_does_not_answer_is_known() {
        try (TestApi first = new TestApi()) {
            ClusterStatus status = new ClusterStatus(first.members, first.nodes, LOCAL);
            TestApi second = new TestApi(first);
            try {
                await().atMost(PATIENCE)
                        .untilAsserted(() ->
                                assertThat(status.all())
                                        .anyMatch(node -> BUSY.equals(node.status()))
                                        .anyMatch(node ->
                                                TestStatus.NONE.now().equals(node.status())));
                assertThat(status.modes(UUID.randomUUID())).isEqualTo(new AccountModes(1, 0, 0));
            } finally {
                second.close();
            }
            assertThat(status.all()).hasSize(2);
            assertThat(status.all().stream().filter(node -> node.status() == null))
                    .extracting(node -> node.member().name())
                    .containsExactly("b");
        }
    }

    @Test
    void a_status_survives_the_way_between_nodes() {
        byte[] reply = Messages.reply(Reply.of(Messages.JSON.valueToTree(BUSY)));
        assertThat(
                        Messages.JSON.treeToValue(
                                Objects.requireNonNull(Messages.reply(reply).value()),
                                NodeStatus.class))
                .isEqualTo(BUSY);
    }
}
