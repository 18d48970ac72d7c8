package dev.mailbell.delivery;

import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.client.ClientStore;
import dev.mailbell.cluster.TestOwnership;
import dev.mailbell.database.Database;
import dev.mailbell.database.Sql;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.delivery.http.WebhookClient;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Delivery as the daemon runs it, on a real database, with a clock that a test steps. */
public final class DeliveryEngine implements AutoCloseable {
    public final SteppedClock clock;
    final WebhookStore webhooks;
    public final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Database database;
    private final Jdbi jdbi;
    private final Keyring keyring;
    private final Watchdog watchdog = new Watchdog();
    private final AddressGuard guard = new AddressGuard(List.of("127.0.0.0/8"), List.of("*"));
    private WebhookClient client;
    private Deliveries deliveries;

    /** Whose webhooks and mail are made. */
    volatile UUID owner = ClientStore.DEFAULT;

    /** The shards that the engine works on. */
    public final TestOwnership ownership = new TestOwnership(this::leaseHeld);

    volatile boolean leaseHeld = true;
    final AtomicLong leaseChecks = new AtomicLong();

    /** How often the queues were searched for deliveries that have become due. */
    private final AtomicLong ticks = new AtomicLong();

    volatile Duration timeout = Duration.ofSeconds(30);
    volatile List<Duration> schedule =
            List.of(Duration.ofSeconds(5), Duration.ofMinutes(5), Duration.ofHours(1));

    /** A row of the table of deliveries. */
    public record Row(
            UUID id,
            String mailbox,
            String status,
            int attempts,
            boolean mergeable,
            Integer newCount,
            String body) {}

    public DeliveryEngine(Database database, Path keys) {
        this(database, Keyring.open(keys.resolve("keyset.json")), new SteppedClock(), true);
    }

    private DeliveryEngine(
            Database database, Keyring keyring, SteppedClock clock, boolean ownsAll) {
        this.database = database;
        this.jdbi = database.jdbi();
        this.keyring = keyring;
        this.clock = clock;
        this.webhooks = new WebhookStore(jdbi);
        if (!ownsAll) {
            ownership.loseAll();
        }
        start();
    }

    private void start() {
        client =
                new WebhookClient(
                        new WebhookClient.Settings("test", List::of, 4096, null, null),
                        guard,
                        new TlsContexts(watchdog),
                        watchdog,
                        clock);
        DeliverySettings settings =
                new TestDeliverySettings() {
                    @Override
                    public Duration timeout() {
                        return timeout;
                    }

                    @Override
                    public int concurrency() {
                        return 10;
                    }

                    @Override
                    public List<Duration> retrySchedule() {
                        return schedule;
                    }

                    @Override
                    public Duration tick() {
                        ticks.incrementAndGet();
                        return Duration.ofMillis(50);
                    }
                };
        deliveries = new Deliveries(database, client, keyring, settings, ownership, meters, clock);
        deliveries.start();
    }

    private boolean leaseHeld() {
        leaseChecks.incrementAndGet();
        return leaseHeld;
    }

    /** Waits for several searches of the queues, in which a forbidden call would be made. */
    void awaitTicks() {
        long begun = ticks.get();
        // Every tenth one searches the table, too.
        await().until(() -> ticks.get() > begun + 10);
    }

    /** A new process after an orderly end. */
    void restart() throws InterruptedException {
        deliveries.stop();
        client.close();
        start();
    }

    /**
     * A second process beside one that writes nothing more because its endpoints hang, as after a
     * kill. The test closes both.
     */
    DeliveryEngine successor() {
        return new DeliveryEngine(database, keyring, clock, true);
    }

    /** Another node, which owns no shard yet. */
    DeliveryEngine otherNode() {
        return new DeliveryEngine(database, keyring, clock, false);
    }

    public Deliveries deliveries() {
        return deliveries;
    }

    public Webhook webhook(RawReceiver receiver) {
        return webhook("http://127.0.0.1:" + receiver.port() + "/");
    }

    /** A webhook that gets the events which {@link #mail} sends to it. */
    public Webhook webhook(String url) {
        UUID id = Ids.next();
        return webhook(id, url, Map.of("to", id.toString()));
    }

    /** A webhook that gets the events of accounts with these labels. */
    Webhook webhook(String url, Map<String, String> labels) {
        return webhook(Ids.next(), url, labels);
    }

    private Webhook webhook(UUID id, String url, Map<String, String> labels) {
        Secret secret = Signer.newSecret();
        Webhook webhook =
                new Webhook(
                        id,
                        owner,
                        url,
                        List.of("*"),
                        null,
                        labels,
                        null,
                        keyring.encrypt(secret, Webhook.secretContext(id)),
                        null,
                        State.ENABLED,
                        Health.GOOD,
                        clock.instant(),
                        clock.instant());
        webhooks.insert(webhook);
        return webhook;
    }

    /** New mail for one webhook, committed and offered to the queues. */
    public void mail(Webhook webhook, UUID account, String mailbox, int newCount) {
        String payload =
                "{\"type\":\"mail.new\",\"data\":{\"mailbox\":\"%s\",\"newCount\":%d,\"total\":9,\"at\":\"%s\"}}"
                        .formatted(mailbox, newCount, Ids.next());
        add(webhook, account, mailbox, EventType.MAIL_NEW, payload);
    }

    void add(Webhook webhook, UUID account, String mailbox, EventType type, String payload) {
        add(account, mailbox, Map.of("to", webhook.id().toString()), type, payload);
    }

    private void add(
            UUID account,
            String mailbox,
            Map<String, String> labels,
            EventType type,
            String payload) {
        commit(account, mailbox, labels, type, payload).committed();
    }

    /** New mail, committed and not yet offered to the queues. */
    Outbox.Pending commit(Arrival arrival) {
        return commit(
                arrival.account(),
                arrival.mailbox(),
                arrival.labels(),
                EventType.MAIL_NEW,
                arrival.payload());
    }

    private Outbox.Pending commit(
            UUID account,
            String mailbox,
            Map<String, String> labels,
            EventType type,
            String payload) {
        Event event = new Event(Ids.next(), owner, account, type, clock.instant(), payload);
        Integer newCount =
                type == EventType.MAIL_NEW
                        ? new JsonMapper().readTree(payload).path("data").path("newCount").asInt(0)
                        : null;
        int shard = Account.shardOf(account);
        NewEvent added = new NewEvent(event, mailbox, shard, labels, newCount);
        // As a check does: in one statement, or else in a transaction.
        Sql change = Sql.of("update client set name = name where id = ?", ClientStore.DEFAULT);
        Outbox outbox = deliveries.outbox();
        return outbox.addDirectly(change, added)
                .or(() ->
                        Optional.of(
                                jdbi.inTransaction(
                                        handle -> outbox.add(handle.getConnection(), added))))
                .get();
    }

    /** New mail in a mailbox of an account that carries these labels. */
    record Arrival(UUID account, String mailbox, Map<String, String> labels, String payload) {}

    /** New mail, committed and offered to the queues. */
    void mail(Arrival arrival) {
        add(
                arrival.account(),
                arrival.mailbox(),
                arrival.labels(),
                EventType.MAIL_NEW,
                arrival.payload());
    }

    /** The effect of {@code POST …/test}. */
    Attempt test(Webhook webhook) {
        return deliveries.test(webhook);
    }

    public Webhook now(Webhook webhook) {
        return webhooks.find(webhook.id()).orElseThrow();
    }

    /** The effect of {@code PATCH state=…}. */
    public void patch(Webhook webhook, State state) {
        patch(webhook, webhook.url(), state);
    }

    /** The effect of {@code PATCH url=…}. */
    void move(Webhook webhook, String url) {
        patch(webhook, url, null);
    }

    private void patch(Webhook webhook, String url, @Nullable State state) {
        webhooks.update(
                now(webhook),
                new Webhook(
                        webhook.id(),
                        webhook.clientId(),
                        url,
                        webhook.events(),
                        webhook.accounts(),
                        webhook.labels(),
                        webhook.description(),
                        webhook.secret(),
                        webhook.previous(),
                        webhook.state(),
                        webhook.health(),
                        webhook.createdAt(),
                        now(webhook).changedAt(clock.instant())),
                false,
                state,
                clock.instant());
        deliveries.webhookChanged(webhook.id());
    }

    public List<Row> rows(Webhook webhook) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select d.*, coalesce(d.body, e.payload) as whole from delivery d
                                join event e on e.id = d.event_id where webhook_id = :id order by d.id\
                                """)
                        .bind("id", webhook.id())
                        .map((row, context) ->
                                new Row(
                                        row.getObject("id", UUID.class),
                                        row.getString("mailbox"),
                                        row.getString("status"),
                                        row.getInt("attempts"),
                                        row.getBoolean("mergeable"),
                                        row.getObject("new_count", Integer.class),
                                        row.getString("whole")))
                        .list());
    }

    public List<String> statuses(Webhook webhook) {
        return rows(webhook).stream().map(Row::status).toList();
    }

    public int attempts(Webhook webhook) {
        return rows(webhook).stream().mapToInt(Row::attempts).sum();
    }

    /** By the table: the feed waits for all transactions that began before that of an event. */
    List<Event> disabledEvents(Webhook webhook) {
        return jdbi
                .withHandle(handle ->
                        handle.createQuery(
                                        "select * from event where client_id = :client and type = :type order by id")
                                .bind("client", ClientStore.DEFAULT)
                                .bind("type", EventType.WEBHOOK_DISABLED.wireName())
                                .map((row, context) -> EventStore.read(row, "id"))
                                .list())
                .stream()
                .filter(event -> event.payload().contains(webhook.id().toString()))
                .toList();
    }

    @Override
    public void close() throws Exception {
        deliveries.stop();
        client.close();
        watchdog.close();
        guard.close();
    }
}
