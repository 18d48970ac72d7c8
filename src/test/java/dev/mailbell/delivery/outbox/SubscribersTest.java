package dev.mailbell.delivery.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookStore;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SubscribersTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final Health FAILING = new Health(null, 1, "no", null, null, 0, false);
    private static final UUID ACCOUNT = Ids.next();

    private final WebhookStore webhooks = new WebhookStore(DATABASE.jdbi());
    private final Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);

    private record Found(
            UUID id, boolean enabled, boolean deferred, int ordinal, @Nullable Instant busyUntil) {}

    @AfterEach
    void clear() {
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute("truncate webhook, imported, event, delivery, fanout"));
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    private UUID webhook(
            UUID client,
            List<String> events,
            @Nullable List<UUID> accounts,
            Map<String, String> labels,
            State state,
            Health health) {
        UUID id = Ids.next();
        webhooks.insert(
                new Webhook(
                        id,
                        client,
                        "https://example.org/",
                        events,
                        accounts,
                        labels,
                        null,
                        new byte[0],
                        null,
                        state,
                        health,
                        now,
                        now));
        return id;
    }

    private static UUID otherClient() {
        UUID id = Ids.next();
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "insert into client (id, name, created_at) values (?, 'other', now())",
                                id));
        return id;
    }

    private UUID webhook(List<String> events, List<UUID> accounts, Map<String, String> labels) {
        return webhook(ClientStore.DEFAULT, events, accounts, labels, State.ENABLED, Health.GOOD);
    }

    private List<UUID> webhooks(int count, State state, Health health) {
        return Stream.generate(() ->
                        webhook(ClientStore.DEFAULT, List.of("*"), null, Map.of(), state, health))
                .limit(count)
                .toList();
    }

    private NewEvent mail(Map<String, String> labels) {
        Event event =
                new Event(
                        Ids.next(),
                        ClientStore.DEFAULT,
                        ACCOUNT,
                        EventType.MAIL_NEW,
                        now,
                        "{\"data\":{\"newCount\":1}}");
        return new NewEvent(event, "INBOX", 1, labels, 1);
    }

    private List<Found> subscribers(NewEvent added, @Nullable UUID except) {
        return DATABASE.jdbi()
                .withHandle(handle ->
                        Subscribers.of(added, except)
                                .then(
                                        " select id, enabled, deferred, ordinal, busy_until from subscriber order by id")
                                .query(
                                        handle.getConnection(),
                                        row -> {
                                            OffsetDateTime busy =
                                                    row.getObject(
                                                            "busy_until", OffsetDateTime.class);
                                            return new Found(
                                                    row.getObject("id", UUID.class),
                                                    row.getBoolean("enabled"),
                                                    row.getBoolean("deferred"),
                                                    row.getInt("ordinal"),
                                                    busy == null ? null : busy.toInstant());
                                        }));
    }

    private MergingEventWriter.Added write() {
        return DATABASE.jdbi()
                .inTransaction(handle ->
                        MergingEventWriter.write(
                                handle.getConnection(), mail(Map.of()), null, now));
    }

    @Test
    void a_webhook_subscribes_by_type_account_and_labels() {
        UUID all = webhook(List.of("*"), List.of(ACCOUNT), Map.of());
        UUID ofType = webhook(List.of("mail.new"), List.of(ACCOUNT, Ids.next()), Map.of());
        UUID ofLabel = webhook(List.of("*"), List.of(ACCOUNT), Map.of("team", "a"));
        webhook(List.of("mailbox.reset"), List.of(ACCOUNT), Map.of());
        webhook(List.of("*"), List.of(Ids.next()), Map.of());
        webhook(List.of("*"), List.of(ACCOUNT), Map.of("team", "b"));
        webhook(otherClient(), List.of("*"), null, Map.of(), State.ENABLED, Health.GOOD);
        assertThat(subscribers(mail(Map.of("team", "a", "site", "x")), null))
                .extracting(Found::id)
                .containsExactly(all, ofType, ofLabel);
    }

    @Test
    void the_excepted_webhook_is_left_out() {
        List<UUID> two = webhooks(2, State.ENABLED, Health.GOOD);
        assertThat(subscribers(mail(Map.of()), two.getFirst()))
                .extracting(Found::id)
                .containsExactly(two.getLast());
    }

    @Test
    void up_to_16_failing_webhooks_are_served_and_of_more_all_are_deferred() {
        webhooks(16, State.FAILING, FAILING);
        UUID healthy = webhooks(1, State.ENABLED, Health.GOOD).getFirst();
        assertThat(subscribers(mail(Map.of()), null))
                .hasSize(17)
                .noneMatch(Found::deferred)
                .extracting(Found::ordinal)
                .containsExactlyInAnyOrderElementsOf(
                        Stream.iterate(1, i -> i + 1).limit(17).toList());
        webhooks(4, State.DISABLED, FAILING);
        assertThat(subscribers(mail(Map.of()), null))
                .hasSize(18)
                .allMatch(found -> found.deferred() != found.id().equals(healthy));
    }

    @Test
    void untried_webhooks_are_counted_apart_from_failing_ones() {
        webhooks(16, State.FAILING, FAILING);
        webhooks(16, State.ENABLED, Health.UNKNOWN);
        assertThat(subscribers(mail(Map.of()), null)).hasSize(32).noneMatch(Found::deferred);
    }

    @Test
    void healthy_webhooks_beyond_a_hundred_are_deferred() {
        List<UUID> healthy = webhooks(105, State.ENABLED, Health.GOOD);
        assertThat(subscribers(mail(Map.of()), null))
                .hasSize(101)
                .filteredOn(Found::deferred)
                .extracting(Found::id)
                .containsExactly(healthy.get(100));
    }

    @Test
    void a_webhook_that_waits_for_an_earlier_event_of_the_mailbox_is_deferred() {
        List<UUID> failing = webhooks(20, State.FAILING, FAILING);
        UUID healthy = webhooks(1, State.ENABLED, Health.GOOD).getFirst();
        assertThat(write().deliveries()).extracting(Delivery::webhookId).containsExactly(healthy);
        failing.subList(3, 20).forEach(id -> webhooks.delete(ClientStore.DEFAULT, id));
        assertThat(subscribers(mail(Map.of()), null))
                .hasSize(4)
                .allMatch(found -> found.deferred() != found.id().equals(healthy));
    }

    @Test
    void a_pending_delivery_of_the_mailbox_makes_a_subscriber_busy() {
        webhooks(1, State.ENABLED, Health.GOOD);
        assertThat(subscribers(mail(Map.of()), null))
                .allSatisfy(found -> assertThat(found.busyUntil()).isNull());
        assertThat(write().deliveries()).hasSize(1);
        assertThat(subscribers(mail(Map.of()), null))
                .singleElement()
                .satisfies(found -> assertThat(found.busyUntil()).isEqualTo(now));
    }
}
