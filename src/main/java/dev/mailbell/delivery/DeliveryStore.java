package dev.mailbell.delivery;

import dev.mailbell.event.Event;
import dev.mailbell.event.Ids;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** The table of deliveries. */
final class DeliveryStore {
    private static final JsonMapper JSON = new JsonMapper();

    private final Jdbi jdbi;

    DeliveryStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** How one delivery ended for now. */
    sealed interface Outcome {
        UUID deliveryId();

        /** The attempt that ended so. */
        AttemptStore.Made made();

        record Delivered(UUID deliveryId, Instant at, int status, AttemptStore.Made made)
                implements Outcome {}

        /**
         * @param nextAttemptAt null when the schedule is used up
         */
        record NotDelivered(
                UUID deliveryId,
                Instant at,
                @Nullable Integer status,
                String error,
                @Nullable Instant nextAttemptAt,
                AttemptStore.Made made)
                implements Outcome {}
    }

    /**
     * Adds a delivery of the event for every webhook that wants it, within the caller's
     * transaction.
     */
    List<Delivery> enqueue(
            Handle handle,
            Event event,
            @Nullable String mailbox,
            int shard,
            Map<String, String> labels) {
        List<UUID> webhooks =
                handle.createQuery(
                                """
                                select id from webhook
                                where client_id = :client
                                    and events && array[:type::text, '*']
                                    and (accounts is null or accounts @> array[:account::uuid])
                                    and labels <@ :labels::jsonb
                                order by id\
                                """)
                        .bind("client", event.clientId())
                        .bind("type", event.type().wireName())
                        .bind("account", event.accountId())
                        .bind("labels", JSON.writeValueAsString(labels))
                        .mapTo(UUID.class)
                        .list();
        if (webhooks.isEmpty()) {
            return List.of();
        }
        List<Delivery> deliveries = new ArrayList<>(webhooks.size());
        var batch =
                handle.prepareBatch(
                        """
                        insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status, next_attempt_at,
                            created_at)
                        values (:id, :webhook, :event, :account, :mailbox, :shard, 'pending', :now, :now)\
                        """);
        for (UUID webhook : webhooks) {
            Delivery delivery =
                    new Delivery(
                            Ids.next(),
                            webhook,
                            event.accountId(),
                            mailbox,
                            0,
                            event.createdAt(),
                            event.payload());
            deliveries.add(delivery);
            batch.bind("id", delivery.id())
                    .bind("webhook", webhook)
                    .bind("event", event.id())
                    .bind("account", event.accountId())
                    .bind("mailbox", mailbox)
                    .bind("shard", shard)
                    .bind("now", utc(event.createdAt()))
                    .add();
        }
        batch.execute();
        return deliveries;
    }

    /**
     * The oldest pending deliveries of a webhook after an id (null: from the oldest), {@code limit}
     * at most.
     */
    List<Delivery> pending(UUID webhookId, @Nullable UUID after, int limit) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select d.*, e.payload from delivery d join event e on e.id = d.event_id
                                where d.webhook_id = :webhook and d.status = 'pending'
                                    and (:after::uuid is null or d.id > :after::uuid)
                                order by d.id limit :limit\
                                """)
                        .bind("webhook", webhookId)
                        .bind("after", after)
                        .bind("limit", limit)
                        .map((row, context) -> read(row))
                        .list());
    }

    /** The enabled webhooks that are owed something. */
    List<UUID> owed() {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select id from webhook w where state <> 'disabled'
                                    and exists (select from delivery d where d.webhook_id = w.id and d.status = 'pending')\
                                """)
                        .mapTo(UUID.class)
                        .list());
    }

    /** Writes down how deliveries ended, with their attempts, all in one transaction. */
    void complete(List<Outcome> outcomes) {
        jdbi.useTransaction(handle -> {
            var delivered =
                    handle.prepareBatch(
                            """
                            update delivery set status = 'delivered', attempts = attempts + 1, last_status = :status,
                                last_error = null, completed_at = :at where id = :id and status = 'pending'\
                            """);
            var not =
                    handle.prepareBatch(
                            """
                            update delivery set status = case when :next::timestamptz is null then 'failed' else 'pending' end,
                                attempts = attempts + 1, last_status = :status, last_error = :error,
                                next_attempt_at = coalesce(:next::timestamptz, next_attempt_at),
                                completed_at = case when :next::timestamptz is null then :at::timestamptz end
                            where id = :id and status = 'pending'\
                            """);
            for (Outcome outcome : outcomes) {
                switch (outcome) {
                    case Outcome.Delivered(UUID id, Instant at, int status, var made) ->
                            delivered
                                    .bind("id", id)
                                    .bind("at", utc(at))
                                    .bind("status", status)
                                    .add();
                    case Outcome.NotDelivered(
                                    UUID id,
                                    Instant at,
                                    Integer status,
                                    String error,
                                    Instant next,
                                    var made) ->
                            not.bind("id", id)
                                    .bind("at", utc(at))
                                    .bind("status", status)
                                    .bind("error", error)
                                    .bind("next", next == null ? null : utc(next))
                                    .add();
                }
            }
            if (delivered.size() > 0) {
                delivered.execute();
            }
            if (not.size() > 0) {
                not.execute();
            }
            AttemptStore.insert(handle, outcomes.stream().map(Outcome::made).toList());
        });
    }

    private static Delivery read(ResultSet row) throws SQLException {
        return new Delivery(
                row.getObject("id", UUID.class),
                row.getObject("webhook_id", UUID.class),
                row.getObject("account_id", UUID.class),
                row.getString("mailbox"),
                row.getInt("attempts"),
                row.getObject("next_attempt_at", OffsetDateTime.class).toInstant(),
                row.getString("payload"));
    }

    private static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
