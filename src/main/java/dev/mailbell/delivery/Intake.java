package dev.mailbell.delivery;

import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes an event and its deliveries, and merges those of new mail while their webhook is behind:
 * it does not take what it is sent, or an older delivery of the same mailbox is still pending. What
 * is added then is marked mergeable. The next one of the mailbox takes in the marked ones before
 * it; what a page has taken to send bears no mark any more and never changes. So a mailbox has at
 * most two pending: one that was or is about to be attempted, and one that all the rest went into.
 */
final class Intake {
    private static final JsonMapper JSON = new JsonMapper();

    /** Webhooks of one event that the first statement serves; it needs an id for each. */
    private static final int SERVED_AT_ONCE = 8;

    private Intake() {}

    /**
     * A webhook that wants the event.
     *
     * @param enabled whether it takes what it is sent
     * @param busyUntil until when older deliveries of the mailbox wait at the longest; null when
     *     there are none
     * @param added the delivery that it has got already; null for none
     */
    private record Taker(
            UUID webhookId, boolean enabled, @Nullable Instant busyUntil, @Nullable UUID added) {
        boolean behind() {
            return !enabled || busyUntil != null;
        }
    }

    /**
     * What was added.
     *
     * @param merged how many deliveries were taken in by it
     */
    record Added(List<Delivery> deliveries, int merged) {}

    private record Merged(UUID webhookId, long newCount) {}

    /**
     * Writes an event and a delivery of it for every webhook that wants it, within the caller's
     * transaction.
     *
     * @param except a webhook that does not get it; null for none
     */
    static Added add(
            Handle handle,
            Event event,
            @Nullable String mailbox,
            int shard,
            Map<String, String> labels,
            @Nullable UUID except) {
        Integer own = ownCount(event);
        boolean mail = own != null;
        List<Taker> takers = takers(handle, event, own, mailbox, shard, labels, except);
        List<Merged> taken = mail ? supersede(handle, event, mailbox, takers) : List.of();
        Map<UUID, Long> merged = new HashMap<>();
        taken.forEach(one -> merged.merge(one.webhookId(), one.newCount(), Long::sum));
        List<Delivery> deliveries = new ArrayList<>(takers.size());
        List<Row> rows = new ArrayList<>();
        for (Taker taker : takers) {
            long before = merged.getOrDefault(taker.webhookId(), 0L);
            Integer newCount = own == null ? null : (Integer) Math.toIntExact(own + before);
            String body = before == 0 ? null : withNewCount(event.payload(), newCount);
            Instant due = event.createdAt();
            if (taker.busyUntil() != null && taker.busyUntil().isAfter(due)) {
                due = taker.busyUntil();
            }
            Delivery delivery =
                    new Delivery(
                            taker.added() == null ? Ids.next() : taker.added(),
                            taker.webhookId(),
                            event.accountId(),
                            mailbox,
                            0,
                            due,
                            body == null ? event.payload() : body,
                            !taker.behind());
            deliveries.add(delivery);
            if (taker.added() == null) {
                rows.add(new Row(delivery, mail && taker.behind(), newCount, body));
            }
        }
        insert(handle, event, shard, rows);
        return new Added(deliveries, taken.size());
    }

    /**
     * Writes the event, finds who wants it, and adds its delivery at once for those who are not
     * busy, which is nearly always all of them: one round trip.
     */
    private static List<Taker> takers(
            Handle handle,
            Event event,
            @Nullable Integer newCount,
            @Nullable String mailbox,
            int shard,
            Map<String, String> labels,
            @Nullable UUID except) {
        UUID[] ids = Stream.generate(Ids::next).limit(SERVED_AT_ONCE).toArray(UUID[]::new);
        return EventStore.bind(
                        handle.createQuery(
                                "with happened as ("
                                        + EventStore.INSERT
                                        + """
                                        ), waiting as (
                                            select webhook_id, max(next_attempt_at) as until from delivery
                                            where account_id = :account::uuid and coalesce(mailbox, '') = coalesce(:mailbox, '')
                                                and status = 'pending'
                                            group by webhook_id
                                        ), taker as (
                                            select w.id, w.state = 'enabled' as enabled, until as busy_until,
                                                case when until is null
                                                    then (:ids::uuid[])[row_number() over (order by id)] end as added
                                            from webhook w left join waiting on webhook_id = id
                                            where w.client_id = :client
                                                and w.events && array[:type::text, '*']
                                                and (w.accounts is null or w.accounts @> array[:account::uuid])
                                                and w.labels <@ :labels::jsonb
                                                and w.id is distinct from :except::uuid
                                        ), served as (
                                            insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status,
                                                next_attempt_at, created_at, mergeable, new_count)
                                            select added, id, :event, :account, :mailbox, :shard, 'pending',
                                                :createdAt, :createdAt, :mail and not enabled, :newCount
                                            from taker where added is not null
                                        )
                                        select * from taker order by id\
                                        """),
                        event)
                .bind("mailbox", mailbox)
                .bind("labels", JSON.writeValueAsString(labels))
                .bind("except", except)
                .bind("ids", ids)
                .bind("shard", shard)
                .bind("mail", newCount != null)
                .bind("newCount", newCount)
                .map((row, context) -> {
                    OffsetDateTime busy = row.getObject("busy_until", OffsetDateTime.class);
                    return new Taker(
                            row.getObject("id", UUID.class),
                            row.getBoolean("enabled"),
                            busy == null ? null : busy.toInstant(),
                            row.getObject("added", UUID.class));
                })
                .list();
    }

    private record Row(
            Delivery delivery,
            boolean mergeable,
            @Nullable Integer newCount,
            @Nullable String body) {}

    private static void insert(Handle handle, Event event, int shard, List<Row> rows) {
        if (rows.isEmpty()) {
            return;
        }
        Instant now = event.createdAt();
        handle.createUpdate(
                        """
                        insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status, next_attempt_at,
                            created_at, mergeable, new_count, body)
                        select u.id, u.webhook, :event, :account, :mailbox, :shard, 'pending', u.due, :now, u.mergeable,
                            u.new_count, u.body
                        from unnest(:ids::uuid[], :webhooks::uuid[], :due::timestamptz[], :mergeable::boolean[],
                            :newCounts::int[], :bodies::text[]) u(id, webhook, due, mergeable, new_count, body)\
                        """)
                .bind("event", event.id())
                .bind("account", event.accountId())
                .bind("mailbox", rows.getFirst().delivery().mailbox())
                .bind("shard", shard)
                .bind("now", now.atOffset(ZoneOffset.UTC))
                .bind("ids", column(rows, UUID[]::new, row -> row.delivery().id()))
                .bind("webhooks", column(rows, UUID[]::new, row -> row.delivery().webhookId()))
                .bind(
                        "due",
                        column(
                                rows,
                                String[]::new,
                                row -> row.delivery().nextAttemptAt().toString()))
                .bind("mergeable", column(rows, Boolean[]::new, Row::mergeable))
                .bind("newCounts", column(rows, Integer[]::new, Row::newCount))
                .bind("bodies", column(rows, String[]::new, Row::body))
                .execute();
    }

    private static <T extends @Nullable Object> T[] column(
            List<Row> rows, IntFunction<T[]> array, Function<Row, T> value) {
        return rows.stream().map(value).toArray(array);
    }

    /** Takes in what was never attempted. */
    private static List<Merged> supersede(
            Handle handle, Event event, @Nullable String mailbox, List<Taker> takers) {
        UUID[] busy =
                takers.stream()
                        .filter(taker -> taker.busyUntil() != null)
                        .map(Taker::webhookId)
                        .toArray(UUID[]::new);
        if (busy.length == 0) {
            return List.of();
        }
        return handle.createQuery(
                        """
                        update delivery set status = 'superseded', mergeable = false, body = null, completed_at = :now
                        where webhook_id = any(:webhooks) and account_id = :account
                            and coalesce(mailbox, '') = :mailbox and status = 'pending' and mergeable
                        returning webhook_id, new_count\
                        """)
                .bind("webhooks", busy)
                .bind("account", event.accountId())
                .bind("mailbox", mailbox == null ? "" : mailbox)
                .bind("now", event.createdAt().atOffset(ZoneOffset.UTC))
                .map((row, context) ->
                        new Merged(row.getObject("webhook_id", UUID.class), row.getLong(2)))
                .list();
    }

    /** What a {@code mail.new} event counts; null for others, which never merge. */
    private static @Nullable Integer ownCount(Event event) {
        return event.type() == EventType.MAIL_NEW
                ? JSON.readTree(event.payload()).path("data").path("newCount").asInt(0)
                : null;
    }

    /** The same JSON, key by key, with another count. */
    private static String withNewCount(String payload, @Nullable Integer newCount) {
        ObjectNode json = (ObjectNode) JSON.readTree(payload);
        ((ObjectNode) json.get("data")).put("newCount", newCount);
        return JSON.writeValueAsString(json);
    }
}
