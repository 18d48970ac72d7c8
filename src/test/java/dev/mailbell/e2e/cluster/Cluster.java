package dev.mailbell.e2e.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.e2e.Receiver;
import dev.mailbell.e2e.Rest;
import dev.mailbell.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.core.ConditionTimeoutException;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Nodes that share one PostgreSQL, the mail servers that they watch and the receiver of one
 * webhook. What a test does to the nodes it does here; {@link #settle} asserts that no message was
 * lost or counted twice by it.
 */
final class Cluster implements AutoCloseable {
    /** Of ten nodes with a pool of six each, and what they hold besides. */
    private static final int CONNECTIONS = 120;

    private static final int SHARDS = 1024;

    /** Longer than the pause between two groups of shards that a node takes. */
    private static final Duration AT_REST = Duration.ofMillis(2_500);

    private final Path folder;
    private final DatabaseAddress address;
    private final @Nullable EmbeddedPostgres server;
    private final Jdbi jdbi;
    private final MailTruth mail = new MailTruth();
    private final Receiver receiver = new Receiver();
    private final Announcements announcements = new Announcements();
    private final Freezes freezes = new Freezes();
    private final List<ClusterNode> nodes = new CopyOnWriteArrayList<>();
    private final List<Mailbox> mailboxes = new CopyOnWriteArrayList<>();
    private final Exactness exactness;
    private int started;

    private Cluster(Path folder, boolean ownServer) {
        this.folder = folder;
        server =
                ownServer
                        ? TestDatabase.privateServer(folder.resolve("server"), CONNECTIONS)
                        : null;
        address = server == null ? TestDatabase.empty() : server.address();
        jdbi = Jdbi.create(address.url(), address.username(), address.password());
        exactness = new Exactness(mailboxes, mail, announcements, receiver, freezes, jdbi);
        receiver.observe((id, body, port) -> announcements.posted(id, body, sender(port)));
    }

    /** Starts the first node on a new database, and registers a webhook and accounts. */
    static Cluster open(Path folder, int imapAccounts, int pop3Accounts) throws Exception {
        return open(new Cluster(folder, false), imapAccounts, pop3Accounts);
    }

    /** The same on a PostgreSQL of its own, which a test may restart. */
    static Cluster withOwnServer(Path folder, int imapAccounts, int pop3Accounts) throws Exception {
        return open(new Cluster(folder, true), imapAccounts, pop3Accounts);
    }

    private static Cluster open(Cluster cluster, int imapAccounts, int pop3Accounts)
            throws Exception {
        boolean opened = false;
        try {
            Rest rest = cluster.start().rest();
            cluster.receiver.trust(
                    rest.registerWebhook(cluster.receiver.url()).path("secret").stringValue());
            cluster.register(imapAccounts, pop3Accounts);
            if (cluster.any().process().isArchiving()) {
                // It pays for the many nodes that are started later.
                cluster.stop(cluster.any());
                cluster.size(1);
            }
            opened = true;
            return cluster;
        } finally {
            if (!opened) {
                cluster.close();
            }
        }
    }

    private void register(int imapAccounts, int pop3Accounts) {
        mailboxes.addAll(Mailbox.register(any().rest(), mail, imapAccounts, pop3Accounts));
        await().untilAsserted(() ->
                assertThat(receiver.count("mailbox.baseline")).isEqualTo(mailboxes.size()));
    }

    private int sender(int port) {
        return nodes.stream()
                .filter(node -> SenderOfPost.isOf(node.pid(), port))
                .map(ClusterNode::number)
                .findFirst()
                .orElse(0);
    }

    /** Starts a node; it is not ready yet. */
    ClusterNode start() throws IOException {
        return start(ClusterNode.Settings.USUAL);
    }

    ClusterNode start(ClusterNode.Settings settings) throws IOException {
        ClusterNode node = ClusterNode.start(++started, folder, address, freezes, settings);
        nodes.add(node);
        return node;
    }

    /** Starts as many nodes as are missing, side by side, and waits until all are ready. */
    void size(int wanted) throws IOException {
        while (nodes.size() < wanted) {
            start();
        }
        nodes.forEach(ClusterNode::rest);
    }

    /** Waits until all nodes own about as many shards, and every shard has an owner. */
    void awaitShared() {
        int least = SHARDS / nodes.size() * 7 / 10;
        await().untilAsserted(() ->
                assertThat(shardsByNode())
                        .as("shards by node")
                        .hasSize(nodes.size())
                        .allSatisfy((node, shards) ->
                                assertThat(shards).isGreaterThanOrEqualTo(least)));
    }

    /**
     * The same, and waits until no shard moves any more: for a test that names the owner of an
     * account.
     */
    void awaitAtRest() {
        awaitShared();
        AtomicLong last = new AtomicLong(-1);
        await().during(AT_REST)
                .until(() -> {
                    long now = changes();
                    return last.getAndSet(now) == now;
                });
    }

    /** Each change of a shard's owner raises its epoch. */
    private long changes() {
        return jdbi.withHandle(handle ->
                handle.createQuery("select sum(epoch)::bigint from shard").mapTo(Long.class).one());
    }

    /** How many shards the nodes own, by name; those without a live owner are of "none". */
    Map<String, Integer> shardsByNode() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        jdbi.useHandle(handle ->
                handle.createQuery(
                                """
                                select coalesce(node.name, 'none') as name, count(*) as shards
                                from shard left join node on node.id = shard.node
                                     and node.expires_at > clock_timestamp()
                                group by 1
                                """)
                        .map((row, context) ->
                                counts.put(row.getString("name"), row.getInt("shards")))
                        .list());
        return counts;
    }

    /** Takes nodes that have ended by themselves out of the cluster. */
    void removeEnded() throws Exception {
        for (ClusterNode node : nodes) {
            if (!node.isAlive()) {
                stop(node);
            }
        }
    }

    /** Returns when so much time has passed, which is how long a failure lasts. */
    static void pass(Duration time) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(time.toNanos());
    }

    void kill(ClusterNode node) throws Exception {
        node.kill();
        nodes.remove(node);
    }

    /** SIGTERM; returns when it has ended. */
    void stop(ClusterNode node) throws Exception {
        node.close();
        nodes.remove(node);
    }

    void restartPostgres() {
        Objects.requireNonNull(server, "a server of its own").restart();
    }

    /** The nodes that were started and not ended. */
    List<ClusterNode> nodes() {
        return List.copyOf(nodes);
    }

    ClusterNode any() {
        return nodes.getFirst();
    }

    /** The node that has an open session for a mailbox of IMAP. */
    ClusterNode ownerOf(Mailbox mailbox) {
        return await().until(
                        () ->
                                mail.sessions().open(mailbox.user()).stream()
                                        .flatMap(session -> node(session.node()).stream())
                                        .findFirst(),
                        Optional::isPresent)
                .orElseThrow();
    }

    private Optional<ClusterNode> node(int number) {
        return nodes.stream().filter(node -> node.number() == number).findFirst();
    }

    List<Mailbox> mailboxes() {
        return List.copyOf(mailboxes);
    }

    MailTruth mail() {
        return mail;
    }

    Receiver receiver() {
        return receiver;
    }

    Announcements announcements() {
        return announcements;
    }

    /** The account is removed by the test and no longer part of what is asserted. */
    void forget(Mailbox mailbox) {
        mailboxes.remove(mailbox);
    }

    Jdbi database() {
        return jdbi;
    }

    /** How many of the accounts' sessions each node has, by its number. */
    Map<Integer, Long> openSessions() {
        Map<Integer, Long> counts = new LinkedHashMap<>();
        for (Mailbox mailbox : mailboxes) {
            mail.sessions()
                    .open(mailbox.user())
                    .forEach(session -> counts.merge(session.node(), 1L, Long::sum));
        }
        return counts;
    }

    /**
     * Puts a message into every mailbox and waits until all are announced, so that every mailbox is
     * watched again. Returns how long that took.
     */
    Duration awaitWatched() {
        try {
            return exactness.awaitWatched();
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(situation(), e);
        }
    }

    /** What held all the while must hold now: nothing twice, the order, one session an account. */
    void assertNothingDoubled() {
        exactness.assertNothingDoubled();
    }

    /** Waits until every message is announced, and asserts that each was once, from a commit. */
    void settle() {
        awaitWatched();
        exactness.assertNothingDoubled();
        exactness.assertCommitted();
    }

    /** For the message of a failure. */
    private String situation() {
        StringBuilder text = new StringBuilder("not all was announced: " + exactness.missing());
        text.append("; sessions by node: ").append(openSessions());
        for (ClusterNode node : nodes) {
            String log = node.log();
            text.append("\n-- the end of the log of ").append(node).append(":\n");
            text.append(log.substring(Math.max(0, log.length() - 3_000)));
        }
        return text.toString();
    }

    @Override
    public void close() throws Exception {
        // At once: an orderly stop of each in turn would cost seconds.
        for (ClusterNode node : nodes) {
            node.kill();
        }
        receiver.close();
        mail.close();
        if (server != null) {
            server.close();
        }
    }
}
