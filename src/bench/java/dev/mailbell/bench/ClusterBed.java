package dev.mailbell.bench;

import dev.mailbell.bench.daemon.BenchException;
import dev.mailbell.bench.daemon.DaemonProcess;
import dev.mailbell.bench.daemon.DatabaseLink;
import dev.mailbell.bench.daemon.EmbeddedSql;
import dev.mailbell.bench.sim.ImapServerSim;
import dev.mailbell.bench.sim.MailLedger;
import dev.mailbell.bench.sim.Receiver;
import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The programs of a measurement of several nodes: one PostgreSQL, the nodes, each with a way to it
 * of its own, the scripted mail server and the receiver of one webhook. A node connects to the mail
 * server from 127.0.1.1 and up.
 */
final class ClusterBed implements AutoCloseable {
    private static final int ADDRESSES = 16;
    private static final int CONNECTIONS_OF_A_NODE = 20;
    private static final int SHARDS = 1024;

    private final Plan plan;
    private final BenchOptions options;
    private final Path folder;
    private final EmbeddedPostgres server;
    private final EmbeddedSql sql;
    private final MailLedger ledger;
    private final Receiver receiver;
    private final ImapServerSim mail;
    private final Coverage coverage;
    private final List<DatabaseLink> links = new ArrayList<>();
    private final List<DaemonProcess> nodes = new ArrayList<>();
    private final Thread atExit = new Thread(this::cleanUp, "bench-clean-up");

    private ClusterBed(Plan plan, BenchOptions options, int count) throws IOException {
        this.plan = plan;
        this.options = options;
        folder = Files.createTempDirectory("mailbell-bench");
        Runtime.getRuntime().addShutdownHook(atExit);
        server = EmbeddedPostgres.start(folder.resolve("server"), count * CONNECTIONS_OF_A_NODE);
        sql = new EmbeddedSql(folder.resolve("server"));
        ledger = new MailLedger(plan.accounts(), 1, plan.audience());
        receiver = new Receiver(ledger::arrived);
        mail = new ImapServerSim(plan.accounts(), ADDRESSES, null);
        coverage = new Coverage(plan.accounts());
        mail.onSession(coverage);
        for (int i = 0; i < count; i++) {
            links.add(new DatabaseLink(port(server.address())));
            write(i);
            nodes.add(launch(i));
            if (i == 0) {
                // It makes the tables and the keyset.
                nodes.getFirst().awaitReady();
            }
        }
        nodes.forEach(DaemonProcess::awaitReady);
    }

    /** Starts everything and registers the webhook and the accounts. */
    static ClusterBed open(Plan plan, BenchOptions options, int nodes) throws InterruptedException {
        if (plan.accounts() + 1_000 > Machine.openFiles()) {
            throw new BenchException(
                    "%d sessions need more open files than a process may have here (%d)"
                            .formatted(plan.accounts(), Machine.openFiles()));
        }
        try {
            ClusterBed bed = new ClusterBed(plan, options, nodes);
            bed.awaitShared();
            bed.nodes
                    .getFirst()
                    .api()
                    .post(
                            "/v1/webhooks",
                            Map.of("url", bed.receiver.url(0), "events", List.of("mail.new")));
            Registration.all(bed.nodes.getFirst().api(), plan, bed.mail, bed.ledger);
            return bed;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int port(DatabaseAddress address) {
        return URI.create(address.url().substring("jdbc:".length())).getPort();
    }

    private Path folderOf(int node) {
        return folder.resolve(nameOf(node));
    }

    private void write(int node) throws IOException {
        Files.createDirectories(folderOf(node));
        DatabaseAddress address = server.address();
        Files.writeString(
                folderOf(node).resolve("mailbell.yaml"),
                plan.configuration(
                                folderOf(node).resolve("data").toString(),
                                ", egress: { own: { local: " + addressOf(node) + " } }",
                                ", egress: own")
                        + """
                        database:
                          url: "jdbc:postgresql://127.0.0.1:%d/mailbell?ApplicationName=%s"
                          username: "%s"
                          password: "%s"
                        security: { keyset: "%s" }
                        cluster: { nodeName: "%s" }
                        """
                                .formatted(
                                        links.get(node).port(),
                                        nameOf(node),
                                        address.username(),
                                        address.password(),
                                        folder.resolve("keyset.json"),
                                        nameOf(node)));
    }

    private DaemonProcess launch(int node) {
        return DaemonProcess.start(options.daemon(), folderOf(node), options.javaOptions());
    }

    static String nameOf(int node) {
        return "node-" + node;
    }

    /** From where a node connects to the mail server. */
    static String addressOf(int node) {
        return "127.0.1." + (node + 1);
    }

    /** Starts a node again that was stopped or killed, and waits until it is ready. */
    void start(int node) {
        DaemonProcess started = launch(node);
        nodes.set(node, started);
        started.awaitReady();
    }

    DaemonProcess node(int node) {
        return nodes.get(node);
    }

    DatabaseLink link(int node) {
        return links.get(node);
    }

    /** How many shards a node owns, by the table. */
    int shardsOf(int node) {
        return Integer.parseInt(
                sql.ask(
                        "select count(*) from shard join node on node.id = shard.node where"
                                + " node.name = '"
                                + nameOf(node)
                                + "'"));
    }

    /** Waits until every shard has an owner and all nodes own about as many. */
    void awaitShared() throws InterruptedException {
        Waiting.until(
                120,
                () -> {
                    int sum = 0;
                    for (int i = 0; i < nodes.size(); i++) {
                        int shards = shardsOf(i);
                        if (shards < SHARDS / nodes.size() * 7 / 10) {
                            return false;
                        }
                        sum += shards;
                    }
                    return sum == SHARDS;
                },
                () -> "the nodes do not share the work; " + lastWords());
    }

    /** Waits until every mailbox is in IDLE. */
    void awaitWatched(int seconds) throws InterruptedException {
        Waiting.until(
                seconds,
                () -> coverage.unwatched() == 0,
                () -> coverage.unwatched() + " mailboxes are not watched; " + lastWords());
    }

    /** Puts a message into a mailbox. */
    void deliver(int mailbox) {
        ledger.added(mailbox);
        mail.deliver(mailbox);
    }

    /** Waits until every message was announced, and fails unless each was announced once. */
    void settle(int seconds) throws InterruptedException {
        Waiting.until(
                seconds,
                () -> ledger.unannounced() <= 0,
                () -> "NOT ALL WERE COUNTED: " + ledger.differences() + "; " + lastWords());
        if (!ledger.settled()) {
            throw new BenchException("THE SUMS ARE WRONG: " + ledger.differences());
        }
    }

    private String lastWords() {
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < nodes.size(); i++) {
            words.append('\n').append(nameOf(i)).append(": ").append(nodes.get(i).lastWords());
        }
        return words.toString();
    }

    MailLedger ledger() {
        return ledger;
    }

    Coverage coverage() {
        return coverage;
    }

    EmbeddedSql sql() {
        return sql;
    }

    @Override
    public void close() {
        if (atExit.isAlive()) {
            // The process is ending, and everything with it.
            return;
        }
        Runtime.getRuntime().removeShutdownHook(atExit);
        mail.close();
        receiver.close();
        cleanUp();
    }

    private void cleanUp() {
        nodes.forEach(node -> node.handle().destroyForcibly());
        nodes.forEach(node -> node.handle().onExit().join());
        links.forEach(DatabaseLink::close);
        server.close();
        TestBed.remove(folder);
    }
}
