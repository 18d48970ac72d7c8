package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.cluster.ShardBits;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.queue.DeliveryStore;
import dev.mailbell.network.Deadline;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Shards move between the nodes that share a database, by release and by loss. */
class HandOverTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final JsonMapper JSON = new JsonMapper();
    private static final int SHARD = 17;

    @TempDir static Path keys;

    private final AtomicInteger status = new AtomicInteger(204);

    /** A POST whose body contains this text waits for the latch. */
    private volatile String held = "none";

    private final CountDownLatch release = new CountDownLatch(1);
    private final RawReceiver receiver = new RawReceiver(this::answer);
    private final UUID account = DeliveryNodes.accountOf(SHARD);
    private DeliveryNodes nodes;
    private DeliveryEngine a;
    private DeliveryEngine b;

    @BeforeEach
    void open() {
        nodes = new DeliveryNodes(DATABASE, keys, 2);
        a = nodes.node(0);
        b = nodes.node(1);
    }

    @AfterEach
    void close() throws Exception {
        release.countDown();
        nodes.close();
        DATABASE.jdbi()
                .useHandle(handle -> {
                    handle.execute("drop trigger if exists take on delivery");
                    handle.execute("delete from webhook");
                    handle.execute("delete from fanout");
                    handle.execute("delete from delivery");
                });
        receiver.close();
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    private void answer(RawReceiver.Request request, OutputStream out) throws IOException {
        if (request.body().contains(held)) {
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        out.write(
                ("HTTP/1.1 " + status.get() + " X\r\nContent-Length: 0\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }

    private List<String> ids() {
        return receiver.requests.stream().map(one -> one.headers().get("webhook-id")).toList();
    }

    private static double fenced(DeliveryEngine node) {
        return node.meters.get("fenced.writes").counter().count();
    }

    private static int count(String of) {
        return DATABASE.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select count(*) from " + of)
                                .mapTo(Integer.class)
                                .one());
    }

    /**
     * Of each mailbox the ids as they first came ascend, the bytes of an id never change, and the
     * counts of all ids sum up.
     */
    private void assertExact(Map<String, Integer> sent) {
        Map<String, String> bodies = new LinkedHashMap<>();
        for (RawReceiver.Request request : receiver.requests) {
            String id = request.headers().get("webhook-id");
            String before = bodies.putIfAbsent(id, request.body());
            assertThat(before == null || before.equals(request.body())).as(id).isTrue();
        }
        Map<String, Integer> sums = new HashMap<>();
        Map<String, List<String>> order = new HashMap<>();
        bodies.forEach((id, body) -> {
            JsonNode data = JSON.readTree(body).path("data");
            String mailbox = data.path("mailbox").asString();
            sums.merge(mailbox, data.path("newCount").asInt(), Integer::sum);
            order.computeIfAbsent(mailbox, key -> new ArrayList<>()).add(id);
        });
        assertThat(sums).isEqualTo(sent);
        order.forEach((mailbox, ids) -> assertThat(ids).as(mailbox).isSorted());
    }

    @Test
    void events_that_arrive_while_a_shard_moves_to_and_fro_are_sent_once_and_in_order()
            throws Exception {
        Webhook webhook = a.webhook(receiver);
        Map<String, Integer> sent = new HashMap<>();
        for (int i = 1; i <= 120; i++) {
            String mailbox = "box" + i % 3;
            nodes.mail(webhook, account, mailbox, i);
            sent.merge(mailbox, i, Integer::sum);
            if (i % 10 == 0) {
                nodes.handOver(SHARD, i % 20 == 0 ? a : b);
            }
        }
        await().until(() -> a.statuses(webhook).stream().noneMatch("pending"::equals));
        assertExact(sent);
        assertThat(ids()).doesNotHaveDuplicates();
        assertThat(fenced(a) + fenced(b)).isZero();
    }

    @Test
    void a_release_waits_for_the_post_under_way_and_its_outcome() throws Exception {
        Webhook webhook = a.webhook(receiver);
        held = "\"newCount\":1,";
        nodes.mail(webhook, account, "INBOX", 1);
        await().until(() -> receiver.requests.size() == 1);
        nodes.mail(webhook, account, "INBOX", 2);
        Thread handOver =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                nodes.handOver(SHARD, b);
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        await().until(() -> !a.ownership.mayBegin(SHARD));
        assertThat(handOver.isAlive()).isTrue();
        release.countDown();
        handOver.join();
        assertThat(a.statuses(webhook).getFirst()).isEqualTo("delivered");
        await().until(() -> a.statuses(webhook).equals(List.of("delivered", "delivered")));
        assertExact(Map.of("INBOX", 3));
        assertThat(receiver.requests).hasSize(2);
    }

    @Test
    void a_post_that_is_under_way_at_the_deadline_is_cut_and_sent_by_the_next_owner()
            throws Exception {
        Webhook webhook = a.webhook(receiver);
        held = "\"newCount\":1,";
        nodes.mail(webhook, account, "INBOX", 1);
        await().until(() -> receiver.requests.size() == 1);
        a.ownership.release(SHARD);
        a.deliveries().released(Set.of(SHARD), Deadline.after(Duration.ofMillis(50)));
        a.ownership.lose(SHARD);
        await().until(this::cut);
        held = "none";
        nodes.take(SHARD, b);
        await().until(() -> a.statuses(webhook).equals(List.of("delivered")));
        assertThat(ids()).hasSize(2).containsOnly(a.rows(webhook).getFirst().id().toString());
        assertThat(a.attempts(webhook)).isOne();
        assertThat(a.now(webhook).health().failures()).isZero();
    }

    /** Whether no POST of the first node is under way. */
    private boolean cut() {
        return a.meters.get("deliveries.under.way").gauge().value() == 0;
    }

    @Test
    void a_shard_that_was_lost_with_a_post_under_way_goes_on_at_its_new_owner() throws Exception {
        Webhook webhook = a.webhook(receiver);
        held = "\"newCount\":1,";
        nodes.mail(webhook, account, "INBOX", 1);
        nodes.mail(webhook, account, "INBOX", 2);
        await().until(() -> receiver.requests.size() == 1);
        nodes.take(SHARD, b);
        await().until(() -> receiver.requests.size() == 2);
        DeliveryNodes.learnsLoss(a, SHARD);
        await().until(this::cut);
        release.countDown();
        await().until(() -> a.statuses(webhook).equals(List.of("delivered", "delivered")));
        assertExact(Map.of("INBOX", 3));
        assertThat(ids()).hasSize(3);
        assertThat(ids().get(0)).isEqualTo(ids().get(1));
    }

    @Test
    void an_outcome_of_a_node_that_lost_the_shard_unawares_is_dropped() throws Exception {
        Webhook webhook = a.webhook(receiver);
        status.set(500);
        held = "\"newCount\":1,";
        nodes.mail(webhook, account, "INBOX", 1);
        await().until(() -> receiver.requests.size() == 1);
        long epoch = nodes.nextEpoch(SHARD);
        release.countDown();
        await().until(() -> fenced(a) >= 1);
        assertThat(a.attempts(webhook)).isZero();
        assertThat(a.now(webhook).health().failures()).isZero();
        assertThat(a.statuses(webhook)).containsExactly("pending");
        DeliveryNodes.learnsLoss(a, SHARD);
        status.set(204);
        b.ownership.acquire(SHARD, epoch);
        b.deliveries().acquired(Set.of(SHARD));
        await().until(() -> a.statuses(webhook).equals(List.of("delivered")));
        assertThat(new HashSet<>(ids())).hasSize(1);
        assertThat(a.attempts(webhook)).isOne();
    }

    @Test
    void counts_merge_on_over_a_hand_over() throws Exception {
        Webhook webhook = a.webhook(receiver);
        a.patch(webhook, State.DISABLED);
        nodes.noticed(webhook);
        for (int i = 1; i <= 3; i++) {
            nodes.mail(webhook, account, "INBOX", i);
        }
        nodes.handOver(SHARD, b);
        nodes.mail(webhook, account, "INBOX", 10);
        nodes.mail(webhook, account, "INBOX", 20);
        a.patch(webhook, State.ENABLED);
        nodes.noticed(webhook);
        await().until(() -> a.statuses(webhook).getLast().equals("delivered"));
        assertThat(receiver.requests).hasSize(1);
        assertExact(Map.of("INBOX", 36));
    }

    @Test
    void of_two_nodes_that_read_a_mergeable_delivery_at_once_one_gets_it() throws Exception {
        Webhook webhook = a.webhook(receiver);
        a.patch(webhook, State.DISABLED);
        nodes.mail(webhook, account, "INBOX", 1);
        DeliveryStore store = new DeliveryStore(DATABASE.jdbi());
        byte[] shards = ShardBits.of(Set.of(SHARD));
        AtomicReference<DeliveryStore.Page> page = new AtomicReference<>();
        Thread second =
                Thread.ofVirtual()
                        .unstarted(() ->
                                page.set(store.due(webhook.id(), shards, a.clock.instant(), 10)));
        DATABASE.jdbi()
                .useTransaction(first -> {
                    first.execute(
                            "update delivery set mergeable = false where webhook_id = ?",
                            webhook.id());
                    second.start();
                    await().until(() -> TestDatabase.waitingForLocks(DATABASE.jdbi()) > 0);
                });
        second.join();
        assertThat(page.get().due()).isEmpty();
        // It is pending all the same: whoever reads again finds it as it stays.
        assertThat(page.get().full()).isTrue();
        assertThat(store.due(webhook.id(), shards, a.clock.instant(), 10).due()).hasSize(1);
        assertThat(store.due(webhook.id(), ShardBits.of(Set.of(18)), a.clock.instant(), 10).due())
                .isEmpty();
    }

    @Test
    void an_id_is_higher_than_that_of_a_node_with_a_clock_ahead() throws Exception {
        Webhook webhook = a.webhook(receiver);
        a.patch(webhook, State.DISABLED);
        UUID soon =
                new UUID(
                        (System.currentTimeMillis() + 5_000) << 16 | 0x7000,
                        0x8000_0000_0000_0001L);
        nodes.mail(webhook, account, "INBOX", 1);
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update delivery set id = ?, mergeable = false where webhook_id = ?",
                                soon,
                                webhook.id()));
        nodes.handOver(SHARD, b);
        nodes.mail(webhook, account, "INBOX", 2);
        assertThat(b.rows(webhook))
                .hasSize(2)
                .first()
                .satisfies(row -> {
                    assertThat(row.id()).isEqualTo(soon);
                });
    }

    @Test
    void deferred_events_of_a_shard_wait_for_its_owner() throws Exception {
        Map<String, String> all = Map.of("to", "all");
        List<Webhook> disabled = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            disabled.add(a.webhook("http://127.0.0.1:1/" + i, all));
        }
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute("update webhook set state = 'disabled', healthy = false"));
        a.ownership.release(SHARD);
        a.deliveries().released(Set.of(SHARD), Deadline.after(Duration.ofMinutes(1)));
        UUID other = DeliveryNodes.accountOf(SHARD + 1);
        for (UUID one : List.of(account, other)) {
            a.mail(
                    new DeliveryEngine.Arrival(
                            one,
                            "INBOX",
                            all,
                            "{\"type\":\"mail.new\",\"data\":{\"newCount\":1}}"));
        }
        await().until(() -> count("fanout") == 1);
        assertThat(count("fanout where shard = " + SHARD)).isOne();
        assertThat(count("delivery where shard = " + SHARD)).isZero();
        assertThat(count("delivery where shard = " + (SHARD + 1))).isEqualTo(30);
        a.ownership.lose(SHARD);
        nodes.take(SHARD, b);
        await().until(() -> count("fanout") == 0);
        assertThat(count("delivery where shard = " + SHARD)).isEqualTo(30);
        assertThat(disabled).allSatisfy(one -> assertThat(a.rows(one)).hasSize(2));
    }

    @Test
    void a_batch_of_deferred_deliveries_is_undone_when_another_node_has_taken_the_shard() {
        Map<String, String> all = Map.of("to", "all");
        for (int i = 0; i < 30; i++) {
            a.webhook("http://127.0.0.1:1/" + i, all);
        }
        DATABASE.jdbi()
                .useHandle(handle -> {
                    handle.execute("update webhook set state = 'disabled', healthy = false");
                    handle.execute(
                            """
                            create function take() returns trigger language plpgsql as
                            $$ begin update shard set epoch = epoch + 1 where id = new.shard; return new; end $$\
                            """);
                    handle.execute(
                            "create trigger take before insert on delivery for each row execute function take()");
                });
        a.mail(
                new DeliveryEngine.Arrival(
                        account,
                        "INBOX",
                        all,
                        "{\"type\":\"mail.new\",\"data\":{\"newCount\":1}}"));
        await().until(() -> fenced(a) >= 1);
        assertThat(count("fanout")).isOne();
        assertThat(count("delivery")).isZero();
        // Without a lock of the table, which the program uses meanwhile in another order.
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                create or replace function take() returns trigger language plpgsql as
                                $$ begin return new; end $$\
                                """));
        await().until(() -> count("delivery") == 30 && count("fanout") == 0);
    }

    /** Mail, failures, hand-overs and losses that a node learns late, in any order. */
    @Test
    void counts_and_order_are_exact_over_any_history_of_shards() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        Webhook webhook = a.webhook(receiver);
        List<DeliveryEngine> all = List.of(a, b);
        for (DeliveryEngine node : all) {
            node.schedule = java.util.Collections.nCopies(60, Duration.ofSeconds(5));
        }
        UUID[] accounts = new UUID[4];
        for (int i = 0; i < accounts.length; i++) {
            accounts[i] = DeliveryNodes.accountOf(100 + i);
        }
        List<Runnable> late = new ArrayList<>();
        Map<String, Integer> sent = new HashMap<>();
        for (int i = 0; i < 200; i++) {
            int which = random.nextInt(accounts.length);
            int shard = Account.shardOf(accounts[which]);
            int count = 1 + random.nextInt(3);
            nodes.mail(webhook, accounts[which], "box" + which, count);
            sent.merge("box" + which, count, Integer::sum);
            DeliveryEngine owner = nodes.owner(shard);
            DeliveryEngine other = owner == a ? b : a;
            switch (random.nextInt(24)) {
                case 0, 1 -> nodes.handOver(shard, other);
                case 2, 3 -> {
                    if (other.ownership.mayBegin(shard)) {
                        // It has lost the shard before and has not learned that yet.
                        DeliveryNodes.learnsLoss(other, shard);
                    }
                    nodes.take(shard, other);
                    late.add(() -> learnsLossUnlessOwner(owner, shard));
                }
                case 4, 5, 6 -> {
                    late.forEach(Runnable::run);
                    late.clear();
                }
                case 7 -> status.set(random.nextBoolean() ? 500 : 204);
                case 8 -> a.clock.step(Duration.ofSeconds(random.nextInt(10)));
                case 9 -> nodes.noticed(webhook);
                default -> {}
            }
        }
        late.forEach(Runnable::run);
        status.set(204);
        a.patch(webhook, State.ENABLED);
        await().untilAsserted(() -> {
            a.clock.step(Duration.ofSeconds(1));
            nodes.noticed(webhook);
            assertThat(a.statuses(webhook)).doesNotContain("pending");
        });
        assertExact(sent);
    }

    private void learnsLossUnlessOwner(DeliveryEngine node, int shard) {
        if (nodes.owner(shard) != node) {
            try {
                DeliveryNodes.learnsLoss(node, shard);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
