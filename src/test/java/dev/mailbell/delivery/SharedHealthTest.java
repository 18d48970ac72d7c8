package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes send to one webhook, and share what its endpoint answers. */
class SharedHealthTest {
    private static final Database DATABASE = TestDatabase.create();

    @TempDir static Path keys;

    private final RawReceiver receiver = new RawReceiver(this::answer);
    private final UUID ofA = DeliveryNodes.accountOf(5);
    private final UUID ofB = DeliveryNodes.accountOf(6);
    private volatile String answer = "204 No Content\r\n";
    private volatile CountDownLatch hold = new CountDownLatch(0);
    private DeliveryNodes nodes;
    private DeliveryEngine a;
    private DeliveryEngine b;
    private Webhook webhook;

    @BeforeEach
    void open() {
        nodes = new DeliveryNodes(DATABASE, keys, 2);
        a = nodes.node(0);
        b = nodes.node(1);
        a.ownership.lose(6);
        nodes.take(6, b);
        webhook = a.webhook(receiver);
    }

    @AfterEach
    void close() throws Exception {
        hold.countDown();
        nodes.close();
        DATABASE.jdbi()
                .useHandle(handle -> {
                    handle.execute("delete from webhook");
                    handle.execute("delete from delivery");
                });
        receiver.close();
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    private void answer(RawReceiver.Request request, OutputStream out) throws IOException {
        try {
            hold.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        out.write(
                ("HTTP/1.1 " + answer + "Content-Length: 0\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }

    private void mailBoth() {
        nodes.mail(webhook, ofA, "INBOX", 1);
        nodes.mail(webhook, ofB, "INBOX", 1);
    }

    /** The queues of both nodes are looked through several times. */
    private void bothGoOn() {
        long seenByA = a.leaseChecks.get();
        long seenByB = b.leaseChecks.get();
        await().until(() ->
                a.leaseChecks.get() >= seenByA + 4 && b.leaseChecks.get() >= seenByB + 4);
    }

    private void awaitDelivered(int deliveries) {
        await().until(() ->
                a.statuses(webhook).equals(java.util.Collections.nCopies(deliveries, "delivered")));
    }

    private void openBreaker() {
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                update webhook set state = 'failing', healthy = false, failures = 5, failing_since = created_at,
                                    breaker_until = ?, breaker_openings = 1 where id = ?\
                                """,
                                a.clock.instant().plusSeconds(30).atOffset(ZoneOffset.UTC),
                                webhook.id()));
    }

    @Test
    void one_node_probes_an_endpoint_whose_breaker_is_half_open() {
        openBreaker();
        hold = new CountDownLatch(1);
        mailBoth();
        bothGoOn();
        assertThat(receiver.requests).isEmpty();
        a.clock.step(Duration.ofSeconds(31));
        await().until(() -> receiver.requests.size() == 1);
        bothGoOn();
        assertThat(receiver.requests).hasSize(1);
        hold.countDown();
        await().until(() -> a.now(webhook).health().breakerOpenings() == 0);
        nodes.noticed(webhook);
        awaitDelivered(2);
        assertThat(receiver.requests).hasSize(2);
    }

    @Test
    void after_a_failed_probe_all_nodes_wait_for_the_next_one() {
        openBreaker();
        answer = "500 No\r\n";
        mailBoth();
        a.clock.step(Duration.ofSeconds(31));
        await().until(() -> a.now(webhook).health().breakerOpenings() == 2);
        nodes.noticed(webhook);
        bothGoOn();
        assertThat(receiver.requests).hasSize(1);
        answer = "204 No Content\r\n";
        hold = new CountDownLatch(1);
        a.clock.step(Duration.ofSeconds(73));
        await().until(() -> receiver.requests.size() == 2);
        bothGoOn();
        assertThat(receiver.requests).hasSize(2);
        hold.countDown();
        await().until(() -> a.now(webhook).health().breakerOpenings() == 0);
        nodes.noticed(webhook);
        awaitDelivered(2);
        assertThat(receiver.requests).hasSize(3);
    }

    @Test
    void a_failure_at_one_node_does_not_close_the_breaker_that_another_one_opened() {
        mailBoth();
        awaitDelivered(2);
        answer = "500 No\r\n";
        hold = new CountDownLatch(1);
        // The node begins with the row of before.
        nodes.mail(webhook, ofA, "INBOX", 1);
        await().until(() -> receiver.requests.size() == 3);
        openBreaker();
        hold.countDown();
        await().until(() -> a.now(webhook).health().failures() == 6);
        assertThat(a.now(webhook).health().breakerOpenings()).isOne();
        // The node may not have taken over yet what it wrote.
        nodes.noticed(webhook);
        nodes.mail(webhook, ofA, "Other", 1);
        bothGoOn();
        assertThat(receiver.requests).hasSize(3);
    }

    @Test
    void a_pause_that_the_endpoint_asks_one_node_for_holds_on_all() {
        mailBoth();
        awaitDelivered(2);
        answer = "503 Later\r\nRetry-After: 3600\r\n";
        nodes.mail(webhook, ofA, "INBOX", 1);
        await().until(() -> a.now(webhook).health().pausedUntil() != null);
        nodes.noticed(webhook);
        nodes.mail(webhook, ofB, "INBOX", 1);
        bothGoOn();
        assertThat(receiver.requests).hasSize(3);
        answer = "204 No Content\r\n";
        a.clock.step(Duration.ofSeconds(3700));
        awaitDelivered(4);
        assertThat(receiver.requests).hasSize(5);
    }

    @Test
    void a_webhook_that_answered_410_gets_nothing_from_any_node_until_it_is_enabled() {
        mailBoth();
        awaitDelivered(2);
        answer = "410 Gone\r\n";
        nodes.mail(webhook, ofA, "INBOX", 1);
        await().until(() -> a.now(webhook).state() == State.DISABLED);
        nodes.noticed(webhook);
        nodes.mail(webhook, ofB, "INBOX", 1);
        bothGoOn();
        assertThat(receiver.requests).hasSize(3);
        answer = "204 No Content\r\n";
        a.patch(webhook, State.ENABLED);
        b.deliveries().webhookHealthChanged(webhook.id());
        awaitDelivered(4);
    }

    @Test
    void a_change_of_which_a_node_got_no_notice_is_found_by_its_search() {
        mailBoth();
        awaitDelivered(2);
        try (RawReceiver moved = new RawReceiver(this::answer)) {
            DATABASE.jdbi()
                    .useHandle(handle ->
                            handle.execute(
                                    "update webhook set url = ? where id = ?",
                                    "http://127.0.0.1:" + moved.port() + "/",
                                    webhook.id()));
            b.deliveries().acquired(Set.of());
            await().until(() -> {
                nodes.mail(webhook, ofB, "INBOX", 1);
                return !moved.requests.isEmpty();
            });
        }
    }

    @Test
    void a_change_of_health_drops_nothing_that_a_queue_holds() {
        hold = new CountDownLatch(1);
        nodes.mail(webhook, ofA, "INBOX", 1);
        await().until(() -> receiver.requests.size() == 1);
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update webhook set failures = 1 where id = ?", webhook.id()));
        for (int i = 0; i < 5; i++) {
            nodes.mail(webhook, ofA, "box" + i, 1);
            nodes.noticed(webhook);
        }
        hold.countDown();
        awaitDelivered(6);
        assertThat(receiver.requests).hasSize(6);
    }

    @Test
    void a_test_event_is_posted_by_a_node_without_shards() {
        b.ownership.loseAll();
        assertThat(b.test(webhook).delivered()).isTrue();
        assertThat(receiver.requests).hasSize(1);
    }

    @Test
    void the_nodes_share_the_posts_at_once_of_a_webhook() {
        NodeSettings settings = new NodeSettings(new TestDeliverySettings(), a.ownership);
        int configured = new TestDeliverySettings().concurrency();
        assertThat(settings.concurrency()).isEqualTo(configured);
        a.ownership.nodes = 3;
        assertThat(settings.concurrency()).isEqualTo((configured + 2) / 3);
        a.ownership.nodes = 1000;
        assertThat(settings.concurrency()).isOne();
    }

    @Test
    void the_notice_of_a_disabled_webhook_is_sent_by_the_node_that_disabled_it() {
        try (RawReceiver others =
                new RawReceiver(RawReceiver.saying("HTTP/1.1 204 No Content\r\n\r\n"))) {
            a.webhook("http://127.0.0.1:" + others.port() + "/", java.util.Map.of());
            answer = "410 Gone\r\n";
            nodes.mail(webhook, ofB, "INBOX", 1);
            await().until(() -> a.now(webhook).state() == State.DISABLED);
            // It is due at the end of the attempt, which the clock of the test has not reached.
            a.clock.step(Duration.ofMinutes(1));
            await().until(() ->
                    others.requests.stream()
                            .anyMatch(one -> one.body().contains("webhook.disabled")));
            List<Integer> shards =
                    DATABASE.jdbi()
                            .withHandle(handle ->
                                    handle.createQuery(
                                                    "select shard from delivery where account_id is null")
                                            .mapTo(Integer.class)
                                            .list());
            assertThat(shards).containsExactly(6);
        }
    }
}
