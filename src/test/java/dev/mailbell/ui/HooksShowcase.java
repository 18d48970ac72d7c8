package dev.mailbell.ui;

import static dev.mailbell.api.HttpCaller.json;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A client with webhooks, two weeks of activity, deliveries, events, keys and portal links. */
final class HooksShowcase {
    private final TestUi ui;
    final String client;
    final HttpCaller caller;
    final UUID account;
    final UUID webhook;
    final UUID failing;

    /** Failed after three attempts with different answers. */
    final UUID failed;

    HooksShowcase(TestUi ui) {
        this(ui, "acme-mail", "Order desk", "{\"detail\":\"upstream is away\"}");
    }

    /**
     * @param name of the client
     * @param description of its webhook
     * @param answer of its receiver
     */
    HooksShowcase(TestUi ui, String name, String description, String answer) {
        this.ui = ui;
        client = TestApi.idOf(ui.api.client().post("/v1/clients", "{\"name\": \"" + name + "\"}"));
        caller = ui.api.callerOf(client, "read", "write", "audit:read", "portal:write");
        account = UUID.fromString(TestApi.idOf(caller.post("/v1/accounts", TestApi.imap("first"))));
        webhook = webhook("https://hooks.example.org/orders?token=abc");
        failing = webhook("https://crm.example.net/inbox");
        execute(
                "update webhook set description = ?, state = 'enabled', healthy = true where id = ?",
                description,
                webhook);
        execute(
                """
                update webhook set state = 'failing', healthy = false, failures = 14, failing_since = now() - interval '42 minutes',
                    last_error = ?, breaker_until = now() + interval '90 seconds', breaker_openings = 2 where id = ?\
                """,
                "the receiver answered 503: " + answer,
                failing);
        activity();
        UUID last = delivery(webhook, event(EventType.MAIL_NEW, 0), "delivered", 204, null);
        for (int i = 1; i < 24; i++) {
            last = delivery(webhook, event(EventType.MAIL_NEW, i), "delivered", 204, null);
        }
        delivery(
                failing, event(EventType.MAIL_NEW, 3), "pending", 503, "the receiver answered 503");
        delivery(failing, event(EventType.ACCOUNT_PARKED, 0), "superseded", null, null);
        failed =
                delivery(
                        failing,
                        event(EventType.MAIL_NEW, 1),
                        "failed",
                        503,
                        "the receiver answered 503");
        attempt(failed, 1, 503, "the receiver answered 503", answer);
        attempt(failed, 2, null, "the connection was refused", null);
        attempt(failed, 3, 503, "the receiver answered 503", answer);
        attempt(last, 1, 204, null, null);
        ui.api.newKey(client, "read");
        caller.post(
                "/v1/clients/" + client + "/portal-links",
                "{\"name\": \"Ann of support\", \"expiresIn\": \"PT8H\"}");
        ui.api.awaitFeed();
    }

    private UUID webhook(String url) {
        return UUID.fromString(
                TestApi.idOf(
                        caller.post(
                                "/v1/webhooks",
                                "{\"url\": \"" + url + "\", \"events\": [\"*\"]}")));
    }

    void execute(String sql, @Nullable Object... values) {
        ui.api.database.jdbi().useHandle(handle -> handle.execute(sql, values));
    }

    /** Mail by day, little by night, and a bad hour. */
    private void activity() {
        execute(
                """
                insert into webhook_activity (webhook_id, at, attempts, delivered, total_ms, longest_ms, by_duration)
                select w.id, slot, n, case when bad then n / 3 else n - n / 200 end, n * 40, case when bad then 30000 else 900 end,
                    array[0, 0, n / 2, n / 4, n / 8, n / 16, 1, 0, 0, 0, case when bad then n / 2 else 0 end, 0, 0]
                from webhook w, lateral (
                    select slot, greatest(1, (60 + 55 * sin(extract(epoch from slot) / 13751))::int) as n,
                        w.id = ? and slot > now() - interval '50 minutes'
                        or extract(epoch from slot)::bigint / 600 % 97 < 3 as bad
                    from generate_series(date_bin('10 minutes', now() - interval '14 days', 'epoch'), now(), interval '10 minutes') slot
                    where extract(epoch from slot)::bigint / 600 % 13 <> 0) s
                where w.client_id = ?::uuid\
                """,
                failing, client);
    }

    /** An event with a subject of a mail, committed. */
    UUID event(EventType type, int count) {
        UUID id = Ids.next();
        String payload =
                """
                {"type":"%s","timestamp":"2026-11-20T23:59:07.123Z","data":{"accountId":"%s","ref":"first","address":"ann@example.org",\
                "mailbox":"INBOX","newCount":%d,"pendingCount":6,"total":33,"mark":{"maxId":33,"uid":"1392611540","uidValidity":1},\
                "source":"idle","envelopes":[{"uid":"33","from":"Bob <bob@example.net>","subject":"Invoice 4711","date":null}]}}\
                """
                        .formatted(type.wireName(), account, count);
        event(id, type, payload);
        return id;
    }

    void event(UUID id, EventType type, String payload) {
        ui.api
                .database
                .jdbi()
                .useTransaction(handle ->
                        EventStore.insert(
                                        new Event(
                                                id,
                                                UUID.fromString(client),
                                                account,
                                                type,
                                                Instant.now().truncatedTo(ChronoUnit.MILLIS),
                                                payload))
                                .update(handle.getConnection()));
    }

    private UUID delivery(
            UUID webhook,
            UUID event,
            String status,
            @Nullable Integer code,
            @Nullable String error) {
        UUID id = Ids.next();
        execute(
                """
                insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status, next_attempt_at, created_at,
                    completed_at, attempts, last_status, last_error)
                values (?, ?, ?, ?, 'INBOX', 0, ?, now() + interval '4 minutes', now(), ?::timestamptz, ?, ?, ?)\
                """,
                id,
                webhook,
                event,
                account,
                status,
                status.equals("pending") ? null : Instant.now().toString(),
                status.equals("superseded") ? 0 : status.equals("failed") ? 3 : 1,
                code,
                error);
        return id;
    }

    private void attempt(
            UUID delivery,
            int number,
            @Nullable Integer code,
            @Nullable String error,
            @Nullable String answer) {
        execute(
                """
                insert into attempt (delivery_id, number, at, duration_ms, status, error, answer)
                values (?, ?, now() - interval '1 minute', 31, ?, ?, ?)\
                """,
                delivery,
                number,
                code,
                error,
                answer);
    }

    /** The id of the first key of the client. */
    String firstKey() {
        return json(ui.api.client().get("/v1/clients/" + client + "/keys"))
                .at("/items/0/id")
                .stringValue();
    }

    /** All pages with something of the client. */
    List<Showcase.Page> pages() {
        return List.of(
                new Showcase.Page("webhooks", "/ui/webhooks"),
                new Showcase.Page("webhook", "/ui/webhooks/" + webhook),
                new Showcase.Page(
                        "webhook-failing", "/ui/webhooks/" + failing + "?range=fortnight"),
                new Showcase.Page("deliveries", "/ui/deliveries"),
                new Showcase.Page("delivery", "/ui/deliveries/" + failed),
                new Showcase.Page("events", "/ui/events?client=" + client),
                new Showcase.Page("clients", "/ui/clients"),
                new Showcase.Page("client", "/ui/clients/" + client),
                new Showcase.Page("audit", "/ui/audit"));
    }
}
