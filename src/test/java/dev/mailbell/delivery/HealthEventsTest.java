package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.health.WebhookAnnouncements;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What two nodes announce of the health of webhooks, to their client and to the operator. */
class HealthEventsTest {
    private static final Duration QUIET = Duration.ofMinutes(10);
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir static Path keys;

    private final Database database = TestDatabase.create();
    private final CountingReceiver failing = new CountingReceiver();
    private final CountingReceiver other = new CountingReceiver();
    private final CountingReceiver operator = new CountingReceiver();
    private DeliveryNodes nodes;
    private DeliveryEngine a;
    private DeliveryEngine b;
    private Webhook webhook;
    private Webhook ofOperator;

    @BeforeEach
    void open() {
        nodes = new DeliveryNodes(database, keys, 2);
        a = nodes.node(0);
        b = nodes.node(1);
        webhook = a.webhook(failing.url(), Map.of());
        a.webhook(other.url(), Map.of());
        a.owner = ClientStore.OPERATOR;
        ofOperator = a.webhook(operator.url(), Map.of());
        a.owner = ClientStore.DEFAULT;
        failing.status = 500;
    }

    @AfterEach
    void close() throws Exception {
        nodes.close();
        failing.close();
        other.close();
        operator.close();
        database.close();
    }

    private void announce(DeliveryEngine node) {
        new WebhookAnnouncements(
                        database.jdbi(), node.ownership, node.deliveries().outbox(), node.clock)
                .announce();
    }

    private void mail() {
        a.mail(webhook, Ids.next(), "INBOX", 1);
    }

    private void awaitState(State state) {
        await().until(() -> a.now(webhook).state() == state);
    }

    /** By the table: the feed waits for all transactions that began before that of an event. */
    private List<JsonNode> announced(UUID client, EventType type) {
        return database
                .jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select payload from event where client_id = :client and type = :type order by id")
                                .bind("client", client)
                                .bind("type", type.wireName())
                                .mapTo(String.class)
                                .list())
                .stream()
                .map(payload -> JSON.readTree(payload).required("data"))
                .toList();
    }

    private List<JsonNode> ofClient(EventType type) {
        return announced(ClientStore.DEFAULT, type);
    }

    private List<JsonNode> ofOperator(EventType type) {
        return announced(ClientStore.OPERATOR, type);
    }

    @Test
    void a_webhook_that_begins_to_fail_is_announced_once_to_the_others_and_to_the_operator() {
        mail();
        awaitState(State.FAILING);
        announce(a);
        announce(a);
        JsonNode client = ofClient(EventType.WEBHOOK_FAILING).getFirst();
        assertThat(ofClient(EventType.WEBHOOK_FAILING)).hasSize(1);
        assertThat(client.required("webhookId").stringValue()).isEqualTo(webhook.id().toString());
        assertThat(client.required("lastError").stringValue()).contains("500");
        assertThat(client.has("clientId")).isFalse();
        assertThat(ofOperator(EventType.WEBHOOK_FAILING)).hasSize(1);
        assertThat(ofOperator(EventType.WEBHOOK_FAILING).getFirst().required("clientId"))
                .hasToString("\"" + ClientStore.DEFAULT + "\"");
        await().until(() -> operator.size() == 1 && other.size() == 2);
        assertThat(a.rows(webhook)).as("not to itself").hasSize(1);
    }

    @Test
    void the_next_episode_is_announced_ten_minutes_later_at_the_earliest_and_only_if_it_lasts() {
        mail();
        awaitState(State.FAILING);
        announce(a);
        failing.status = 200;
        a.patch(webhook, State.ENABLED);
        await().until(() -> a.now(webhook).health().healthy());
        failing.status = 500;
        mail();
        awaitState(State.FAILING);
        announce(a);
        assertThat(ofOperator(EventType.WEBHOOK_FAILING)).hasSize(1);
        int attempts = a.attempts(webhook);
        a.clock.step(QUIET);
        await().until(() -> a.attempts(webhook) > attempts);
        announce(a);
        announce(a);
        assertThat(ofOperator(EventType.WEBHOOK_FAILING)).hasSize(2);
        // One that is over when it could be announced is not.
        failing.status = 200;
        a.patch(webhook, State.ENABLED);
        await().until(() -> a.now(webhook).health().healthy());
        failing.status = 500;
        mail();
        awaitState(State.FAILING);
        failing.status = 200;
        a.patch(webhook, State.ENABLED);
        await().until(() -> a.now(webhook).health().healthy());
        a.clock.step(QUIET);
        announce(a);
        assertThat(ofOperator(EventType.WEBHOOK_FAILING)).hasSize(2);
    }

    @Test
    void each_event_is_made_once_while_the_shards_move_between_nodes() {
        mail();
        awaitState(State.FAILING);
        // The first node does not know yet that the second one has taken the first shard.
        nodes.take(0, b);
        announce(a);
        assertThat(ofOperator(EventType.WEBHOOK_FAILING)).isEmpty();
        announce(b);
        announce(a);
        nodes.take(0, a);
        announce(a);
        announce(b);
        assertThat(ofOperator(EventType.WEBHOOK_FAILING)).hasSize(1);
        assertThat(ofClient(EventType.WEBHOOK_FAILING)).hasSize(1);
        await().until(() -> operator.size() == 1);
    }

    @Test
    void deliveries_that_are_given_up_are_gathered_into_one_event_in_ten_minutes() {
        a.schedule = List.of();
        mail();
        mail();
        mail();
        await().until(() -> a.statuses(webhook).equals(List.of("failed", "failed", "failed")));
        announce(a);
        JsonNode first = ofOperator(EventType.DELIVERY_FAILED).getFirst();
        assertThat(first.required("count").intValue()).isEqualTo(3);
        assertThat(a.rows(webhook).stream().map(row -> row.id().toString()))
                .contains(first.required("lastDeliveryId").stringValue());
        mail();
        mail();
        await().until(() -> java.util.Collections.frequency(a.statuses(webhook), "failed") == 5);
        announce(a);
        assertThat(ofOperator(EventType.DELIVERY_FAILED)).hasSize(1);
        a.clock.step(QUIET);
        announce(a);
        announce(a);
        assertThat(ofOperator(EventType.DELIVERY_FAILED))
                .extracting(data -> data.required("count").intValue())
                .containsExactly(3, 2);
        assertThat(ofClient(EventType.DELIVERY_FAILED)).hasSize(2);
    }

    @Test
    void events_about_webhooks_that_cannot_be_delivered_lead_to_no_event() {
        other.status = 500;
        operator.status = 500;
        a.schedule = List.of();
        mail();
        await().until(() -> a.statuses(webhook).equals(List.of("failed")));
        for (int round = 0; round < 4; round++) {
            a.clock.step(QUIET);
            announce(a);
            await().until(this::noneIsPending);
        }
        // The mail to both webhooks of the client; nothing of the events about them.
        assertThat(ofOperator(EventType.DELIVERY_FAILED))
                .allSatisfy(data -> assertThat(data.required("count").intValue()).isEqualTo(1))
                .hasSize(2);
        assertThat(ofOperator(EventType.WEBHOOK_FAILING)).hasSize(2);
        assertThat(ofOperator(EventType.WEBHOOK_FAILING).toString())
                .doesNotContain(ofOperator.id().toString());
        assertThat(a.now(ofOperator).state()).isEqualTo(State.FAILING);
    }

    private boolean noneIsPending() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select not exists (select from delivery where status = 'pending')")
                                .mapTo(Boolean.class)
                                .one());
    }

    @Test
    void a_disabled_webhook_is_announced_to_the_operator_too() {
        failing.status = 410;
        mail();
        awaitState(State.DISABLED);
        // The event is due when the attempt ended, by the clock that stands still.
        a.clock.step(Duration.ofSeconds(60));
        announce(a);
        assertThat(ofOperator(EventType.WEBHOOK_DISABLED)).hasSize(1);
        assertThat(ofOperator(EventType.WEBHOOK_DISABLED).getFirst().has("clientId")).isTrue();
        assertThat(ofOperator(EventType.WEBHOOK_FAILING)).isEmpty();
        await().until(() -> operator.size() == 1);
    }
}
