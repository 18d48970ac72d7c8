package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Api;
import dev.mailbell.bench.daemon.BenchException;
import dev.mailbell.bench.daemon.DaemonProcess;
import dev.mailbell.bench.net.Certificates;
import dev.mailbell.bench.sim.ImapServerSim;
import dev.mailbell.bench.sim.MailLedger;
import dev.mailbell.bench.sim.MailSim;
import dev.mailbell.bench.sim.Pop3ServerSim;
import dev.mailbell.bench.sim.Receiver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The programs of one measurement: the scripted mail server, the webhook receiver and the daemon.
 */
final class TestBed implements AutoCloseable {
    /** Enough that no address has more connections than a client has ports. */
    private static final int ADDRESSES = 16;

    private static final int SPARE_FILES = 500;

    private final Plan plan;
    private final BenchOptions options;
    private final Path folder;
    private final MailLedger ledger;
    private final Receiver receiver;
    private final MailSim mail;
    private final List<UUID> webhooks = new ArrayList<>();
    private final Thread atExit = new Thread(this::cleanUp, "bench-clean-up");
    private @Nullable DaemonProcess daemon;

    private TestBed(Plan plan, BenchOptions options) throws IOException {
        this.plan = plan;
        this.options = options;
        folder = Files.createTempDirectory("mailbell-bench");
        Files.writeString(
                folder.resolve("mailbell.yaml"),
                plan.configuration(folder.resolve("data").toString()));
        ledger = new MailLedger(plan.accounts(), plan.webhooks(), plan.audience());
        receiver = new Receiver(ledger::arrived);
        SSLContext tls = plan.tls() ? Certificates.selfSigned() : null;
        mail = server(plan, tls);
        Runtime.getRuntime().addShutdownHook(atExit);
        start();
    }

    private void start() {
        DaemonProcess started =
                DaemonProcess.start(options.daemon(), folder, options.javaOptions());
        daemon = started;
        started.awaitReady();
    }

    private static MailSim server(Plan plan, @Nullable SSLContext tls) {
        return plan.pop3()
                ? new Pop3ServerSim(plan.accounts(), ADDRESSES, tls)
                : new ImapServerSim(plan.accounts(), ADDRESSES, tls);
    }

    /** Sets up the servers and a fresh daemon with its webhooks; no account yet. */
    static TestBed open(Plan plan, BenchOptions options) {
        if (plan.idle() && plan.accounts() + SPARE_FILES > Machine.openFiles()) {
            throw new BenchException(
                    "%d sessions need more open files than a process may have here (%d): choose"
                                    .formatted(plan.accounts(), Machine.openFiles())
                            + " fewer with --mailboxes, or raise the limit (ulimit -n)");
        }
        try {
            TestBed testBed = new TestBed(plan, options);
            testBed.addWebhooks();
            return testBed;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void addWebhooks() {
        Api api = daemon().api();
        for (int i = 0; i < plan.webhooks(); i++) {
            String group = plan.webhookLabel().apply(i);
            JsonNode webhook =
                    api.post(
                            "/v1/webhooks",
                            Map.of(
                                    "url",
                                    receiver.url(i),
                                    "events",
                                    List.of("mail.new"),
                                    "labels",
                                    group.isEmpty() ? Map.of() : Map.of("group", group)));
            webhooks.add(UUID.fromString(webhook.get("id").asString()));
        }
    }

    /** Adds webhooks for every event, numbered after those of the plan. */
    void addDead(int count) {
        Api api = daemon().api();
        for (int i = 0; i < count; i++) {
            api.post(
                    "/v1/webhooks",
                    Map.of("url", receiver.url(plan.webhooks() + i), "events", List.of("*")));
        }
    }

    /** Registers all accounts, a thousand in a call. */
    void register() {
        Registration.all(daemon().api(), plan, mail, ledger);
    }

    /** The request that registers an account. */
    Map<String, Object> account(int i) {
        return Registration.account(plan, mail, i);
    }

    /** Waits until every mailbox has its baseline and every pushed one is in IDLE. */
    void awaitWatching(int seconds) throws InterruptedException {
        if (plan.idle()) {
            awaitIdling(seconds);
        }
        Api api = daemon().api();
        Waiting.until(
                seconds,
                () -> none(api, "connecting") && none(api, "retrying"),
                () -> "some accounts have no baseline yet; " + daemon().lastWords());
    }

    /** Waits until every pushed mailbox is in IDLE. */
    void awaitIdling(int seconds) throws InterruptedException {
        Waiting.until(
                seconds,
                () -> mail.idling() >= plan.pushed(),
                () ->
                        "%d of %d mailboxes idle; %s"
                                .formatted(mail.idling(), plan.pushed(), daemon().lastWords()));
    }

    private static boolean none(Api api, String state) {
        return api.get("/v1/accounts?limit=1&state=" + state).get("items").isEmpty();
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
                () ->
                        "NOT ALL WERE COUNTED: "
                                + ledger.differences()
                                + "; "
                                + daemon().lastWords());
        if (!ledger.settled()) {
            throw new BenchException("THE SUMS ARE WRONG: " + ledger.differences());
        }
    }

    /** Stops the daemon with SIGTERM and starts it again on its data. */
    void restart() {
        daemon().close();
        start();
    }

    Plan plan() {
        return plan;
    }

    DaemonProcess daemon() {
        return Objects.requireNonNull(daemon, "started with the test bed");
    }

    MailSim mail() {
        return mail;
    }

    MailLedger ledger() {
        return ledger;
    }

    Receiver receiver() {
        return receiver;
    }

    /** The ids of the webhooks, by number. */
    List<UUID> webhooks() {
        return List.copyOf(webhooks);
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
        if (daemon != null) {
            daemon.close();
        }
        remove(folder);
    }

    /** Removes the folder of a benchmark with all that is in it. */
    static void remove(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            System.err.println("bench: " + folder + " could not be removed: " + e.getMessage());
        }
    }
}
