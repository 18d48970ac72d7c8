package dev.mailbell.delivery;

import dev.mailbell.account.Account;
import dev.mailbell.database.Database;
import dev.mailbell.event.Ids;
import dev.mailbell.network.Deadline;
import dev.mailbell.webhook.Webhook;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Delivery on several nodes with one database. The first node owns all shards at first; the test
 * moves them.
 */
final class DeliveryNodes implements AutoCloseable {
    private final Database database;
    private final List<DeliveryEngine> nodes = new ArrayList<>();

    /** The owners of the shards that were moved. */
    private final Map<Integer, DeliveryEngine> owners = new HashMap<>();

    DeliveryNodes(Database database, Path keys, int count) {
        this.database = database;
        database.jdbi().useHandle(handle -> handle.execute("update shard set epoch = 0"));
        nodes.add(new DeliveryEngine(database, keys));
        while (nodes.size() < count) {
            nodes.add(nodes.getFirst().otherNode());
        }
    }

    DeliveryEngine node(int number) {
        return nodes.get(number);
    }

    DeliveryEngine owner(int shard) {
        return owners.getOrDefault(shard, nodes.getFirst());
    }

    /** An account of this shard. */
    static UUID accountOf(int shard) {
        UUID id = Ids.next();
        while (Account.shardOf(id) != shard) {
            id = UUID.randomUUID();
        }
        return id;
    }

    void mail(Webhook webhook, UUID account, String mailbox, int count) {
        owner(Account.shardOf(account)).mail(webhook, account, mailbox, count);
    }

    /** The owner releases the shard, and then the other node takes it. */
    void handOver(int shard, DeliveryEngine to) throws InterruptedException {
        DeliveryEngine from = owner(shard);
        from.ownership.release(shard);
        from.deliveries().released(Set.of(shard), Deadline.after(Duration.ofMinutes(1)));
        from.ownership.lose(shard);
        take(shard, to);
    }

    /** The other node takes the shard from its owner, which does not know. */
    void take(int shard, DeliveryEngine to) {
        owners.put(shard, to);
        to.ownership.acquire(shard, nextEpoch(shard));
        to.deliveries().acquired(Set.of(shard));
    }

    /** A node takes the shard; its delivery does not begin yet. */
    long nextEpoch(int shard) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "update shard set epoch = epoch + 1 where id = ? returning epoch")
                                .bind(0, shard)
                                .mapTo(Long.class)
                                .one());
    }

    /** A node learns that another one owns the shard. */
    static void learnsLoss(DeliveryEngine node, int shard) throws InterruptedException {
        node.ownership.lose(shard);
        node.deliveries().released(Set.of(shard), Deadline.after(Duration.ZERO));
    }

    /** What the notice of a change of the row does on every node. */
    void noticed(Webhook webhook) {
        nodes.forEach(node -> node.deliveries().webhookHealthChanged(webhook.id()));
    }

    @Override
    public void close() throws Exception {
        for (DeliveryEngine node : nodes) {
            node.close();
        }
    }
}
