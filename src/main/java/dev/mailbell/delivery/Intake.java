package dev.mailbell.delivery;

import dev.mailbell.event.Event;
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
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Adds deliveries, and merges those of new mail while their webhook is behind: it does not take
 * what it is sent, or an older delivery of the same mailbox is still pending. What is added then is
 * marked mergeable. The next one of the mailbox takes in the marked ones before it; what a page has
 * taken to send bears no mark any more and never changes. So a mailbox has at most two pending: one
 * that was or is about to be attempted, and one that all the rest went into.
 */
final class Intake {
    private static final JsonMapper JSON = new JsonMapper();

    private Intake() {}

    /**
     * A webhook that wants the event.
     *
     * @param enabled whether it takes what it is sent
     * @param busyUntil until when older deliveries of the mailbox wait at the longest; null when
     *     there are none
     */
    private record Taker(UUID webhookId, boolean enabled, @Nullable Instant busyUntil) {
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
     * Adds a delivery of the event for every webhook that wants it, within the caller's
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
        List<Taker> takers =
                takers(handle, event, mailbox, labels).stream()
                        .filter(taker -> !taker.webhookId().equals(except))
                        .toList();
        if (takers.isEmpty()) {
            return new Added(List.of(), 0);
        }
        boolean mail = event.type() == EventType.MAIL_NEW;
        List<Merged> taken = mail ? supersede(handle, event, mailbox, takers) : List.of();
        Map<UUID, Long> merged = new HashMap<>();
        taken.forEach(one -> merged.merge(one.webhookId(), one.newCount(), Long::sum));
        List<Delivery> deliveries = new ArrayList<>(takers.size());
        var batch =
                handle.prepareBatch(
                        """
                        insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status, next_attempt_at,
                            created_at, mergeable, new_count, body)
                        values (:id, :webhook, :event, :account, :mailbox, :shard, 'pending', :due, :now, :mergeable,
                            :newCount, :body)\
                        """);
        for (Taker taker : takers) {
            long before = merged.getOrDefault(taker.webhookId(), 0L);
            Integer newCount = mail ? newCount(event.payload(), before) : null;
            String body = before == 0 ? null : withNewCount(event.payload(), newCount);
            Instant due = event.createdAt();
            if (taker.busyUntil() != null && taker.busyUntil().isAfter(due)) {
                due = taker.busyUntil();
            }
            Delivery delivery =
                    new Delivery(
                            Ids.next(),
                            taker.webhookId(),
                            event.accountId(),
                            mailbox,
                            0,
                            due,
                            body == null ? event.payload() : body,
                            !taker.behind());
            deliveries.add(delivery);
            batch.bind("id", delivery.id())
                    .bind("webhook", taker.webhookId())
                    .bind("event", event.id())
                    .bind("account", event.accountId())
                    .bind("mailbox", mailbox)
                    .bind("shard", shard)
                    .bind("due", due.atOffset(ZoneOffset.UTC))
                    .bind("now", event.createdAt().atOffset(ZoneOffset.UTC))
                    .bind("mergeable", mail && taker.behind())
                    .bind("newCount", newCount)
                    .bind("body", body)
                    .add();
        }
        batch.execute();
        return new Added(deliveries, taken.size());
    }

    private static List<Taker> takers(
            Handle handle, Event event, @Nullable String mailbox, Map<String, String> labels) {
        return handle.createQuery(
                        """
                        select w.id, w.state = 'enabled' as enabled,
                            (select max(d.next_attempt_at) from delivery d
                                where d.webhook_id = w.id and d.account_id = :account::uuid
                                    and coalesce(d.mailbox, '') = :mailbox and d.status = 'pending') as busy_until
                        from webhook w
                        where w.client_id = :client
                            and w.events && array[:type::text, '*']
                            and (w.accounts is null or w.accounts @> array[:account::uuid])
                            and w.labels <@ :labels::jsonb
                        order by w.id\
                        """)
                .bind("client", event.clientId())
                .bind("type", event.type().wireName())
                .bind("account", event.accountId())
                .bind("mailbox", mailbox == null ? "" : mailbox)
                .bind("labels", JSON.writeValueAsString(labels))
                .map((row, context) -> {
                    OffsetDateTime busy = row.getObject("busy_until", OffsetDateTime.class);
                    return new Taker(
                            row.getObject("id", UUID.class),
                            row.getBoolean("enabled"),
                            busy == null ? null : busy.toInstant());
                })
                .list();
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

    private static Integer newCount(String payload, long before) {
        long own = JSON.readTree(payload).path("data").path("newCount").asLong(0);
        return Math.toIntExact(own + before);
    }

    /** The same JSON, key by key, with another count. */
    private static String withNewCount(String payload, @Nullable Integer newCount) {
        ObjectNode json = (ObjectNode) JSON.readTree(payload);
        ((ObjectNode) json.get("data")).put("newCount", newCount);
        return JSON.writeValueAsString(json);
    }
}
