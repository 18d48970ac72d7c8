package dev.mailbell.api.event;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.watch.AnnouncedEvents;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class EventRoutesTest {
    private static final TestApi API = new TestApi();
    private final HttpCaller client = API.otherClient();

    @AfterAll
    static void close() {
        API.close();
    }

    private UUID happened(UUID accountId, EventType type) {
        return happened(Ids.next(), accountId, type);
    }

    private UUID happened(UUID id, UUID accountId, EventType type) {
        UUID clientId =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery("select client_id from account where id = :id")
                                        .bind("id", accountId)
                                        .mapTo(UUID.class)
                                        .one());
        String payload = AnnouncedEvents.of(type, clientId, accountId).getFirst().payload();
        API.database
                .jdbi()
                .useTransaction(handle ->
                        EventStore.insert(
                                        new Event(
                                                id,
                                                clientId,
                                                accountId,
                                                type,
                                                Instant.now(),
                                                payload))
                                .update(handle.getConnection()));
        API.awaitFeed();
        return id;
    }

    private UUID account(String ref) {
        return UUID.fromString(idOf(client.post("/v1/accounts", imap(ref))));
    }

    private static List<UUID> ids(JsonNode page) {
        List<UUID> ids = new ArrayList<>();
        page.required("items")
                .forEach(item -> ids.add(UUID.fromString(item.required("id").stringValue())));
        return ids;
    }

    @Test
    void events_come_in_order_and_in_pages() {
        UUID account = account("e-1");
        List<UUID> happened = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            happened.add(happened(account, EventType.MAIL_NEW));
        }
        JsonNode first = json(client.get("/v1/events?limit=3"));
        assertThat(ids(first)).isEqualTo(happened.subList(0, 3));
        assertThat(first.at("/items/0/data/newCount").intValue()).isEqualTo(2);
        String next = first.required("nextCursor").stringValue();
        assertThat(next).isEqualTo(happened.get(2).toString());
        JsonNode second = json(client.get("/v1/events?limit=3&after=" + next));
        assertThat(ids(second)).isEqualTo(happened.subList(3, 5));
        assertThat(second.required("nextCursor").isNull()).isTrue();
        assertThat(ids(json(client.get("/v1/events?cursor=" + next))))
                .isEqualTo(happened.subList(3, 5));
        assertThat(ids(json(client.get("/v1/events?after=" + happened.get(4))))).isEmpty();
    }

    private void happenedAnHourAgo(UUID account) {
        long hourAgo = Instant.now().minusSeconds(3600).toEpochMilli();
        for (int i = 0; i < 3; i++) {
            UUID id = new UUID(hourAgo << 16 | 0x7000, 0x8000000000000000L + i);
            happened(id, account, EventType.MAIL_NEW);
        }
    }

    private static void delete(UUID event) {
        API.database
                .jdbi()
                .useHandle(handle -> handle.execute("delete from event where id = ?", event));
    }

    /** A removed account takes its events along, also the one that a client goes on after. */
    @Test
    void the_feed_goes_on_after_an_event_that_was_deleted_and_does_not_begin_anew() {
        UUID account = account("e-4");
        happenedAnHourAgo(account);
        UUID last = happened(account("e-5"), EventType.MAIL_NEW);
        delete(last);
        assertThat(ids(json(client.get("/v1/events")))).hasSize(3);
        assertThat(ids(json(client.get("/v1/events?after=" + last)))).isEmpty();
        UUID fresh = happened(account, EventType.MAIL_NEW);
        assertThat(ids(json(client.get("/v1/events?after=" + last)))).containsExactly(fresh);
    }

    /** The events of a database that was restored elsewhere are all of one transaction. */
    @Test
    void after_a_deleted_event_of_a_restored_feed_a_minute_is_repeated() {
        UUID account = account("e-6");
        happenedAnHourAgo(account);
        UUID before = happened(account, EventType.MAIL_NEW);
        UUID last = happened(account, EventType.MAIL_NEW);
        UUID fresh = happened(account, EventType.MAIL_NEW);
        delete(last);
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute("update event set tx = '0' where account_id = ?", account));
        API.awaitFeed();
        assertThat(ids(json(client.get("/v1/events?after=" + last))))
                .containsExactly(before, fresh);
    }

    @Test
    void events_are_filtered_by_type_and_account() {
        UUID one = account("e-2");
        UUID two = account("e-3");
        UUID mail = happened(one, EventType.MAIL_NEW);
        UUID parked = happened(two, EventType.ACCOUNT_PARKED);
        assertThat(ids(json(client.get("/v1/events?type=account.parked")))).containsExactly(parked);
        assertThat(ids(json(client.get("/v1/events?accountId=" + one)))).containsExactly(mail);
        assertThat(ids(json(API.otherClient().get("/v1/events")))).isEmpty();
        assertThat(ids(json(API.otherClient().get("/v1/events?accountId=" + one)))).isEmpty();
    }

    @Test
    void invalid_queries_are_refused() {
        assertThat(
                        faults(
                                client.get(
                                        "/v1/events?after=x&type=mail.old&accountId=7&limit=many&since=1")))
                .containsOnlyKeys("after", "type", "accountId", "limit", "since");
        UUID id = UUID.randomUUID();
        assertThat(faults(client.get("/v1/events?after=" + id + "&cursor=" + id)))
                .containsOnlyKeys("cursor");
    }
}
