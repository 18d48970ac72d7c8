package dev.mailbell.health;

import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.Database;
import dev.mailbell.database.FencedException;
import dev.mailbell.database.Sql;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.delivery.Outbox.Pending;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventPayloads;
import dev.mailbell.event.EventPayloads.FailedDeliveries;
import dev.mailbell.event.EventPayloads.FailingWebhook;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.WebhookRows;
import dev.mailbell.webhook.WebhookUrl;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Announces {@code webhook.failing} and {@code delivery.failed}, to the client's other webhooks and
 * to the operator. What is to be announced is in the rows of webhooks, where the outcomes of
 * deliveries put it; the node that owns the first shard makes the events, in the transaction that
 * marks them as made. So each is made once, whichever nodes come and go. Of one webhook each type
 * is made once in ten minutes at most: what happens meanwhile is gathered.
 */
public final class WebhookAnnouncements {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookAnnouncements.class);

    /** The shard whose owner makes the events, and sends them. */
    private static final int SHARD = 0;

    /** The shortest time between two events of one type about one webhook. */
    static final Duration QUIET = Duration.ofMinutes(10);

    /** Webhooks of one transaction, and transactions of one round, at most. */
    private static final int BATCH = 50;

    private static final int BATCHES = 4;

    private final Jdbi jdbi;
    private final Ownership ownership;
    private final Outbox outbox;
    private final InstantSource clock;

    public WebhookAnnouncements(
            Jdbi jdbi, Ownership ownership, Outbox outbox, InstantSource clock) {
        this.jdbi = jdbi;
        this.ownership = ownership;
        this.outbox = outbox;
        this.clock = clock;
    }

    /**
     * A webhook of which something is to be announced now.
     *
     * @param failing whether {@code webhook.failing} is
     * @param givenUp the deliveries of a {@code delivery.failed}; 0 for none
     */
    private record Unannounced(
            Webhook webhook,
            boolean failing,
            int givenUp,
            @Nullable Instant since,
            @Nullable UUID last) {
        static Unannounced read(ResultSet row) throws SQLException {
            OffsetDateTime since = row.getObject("given_up_since", OffsetDateTime.class);
            return new Unannounced(
                    WebhookRows.read(row),
                    row.getBoolean("announces_failing"),
                    row.getBoolean("announces_given_up") ? row.getInt("given_up") : 0,
                    since == null ? null : since.toInstant(),
                    row.getObject("given_up_last", UUID.class));
        }
    }

    /** A round: announces what is to be announced now, 200 webhooks at most. */
    public void announce() {
        for (int batch = 0; batch < BATCHES && ownership.mayBegin(SHARD); batch++) {
            try {
                if (announceSome() < BATCH) {
                    return;
                }
            } catch (FencedException lost) {
                LOG.debug("Another node announces the health of webhooks");
                return;
            } catch (RuntimeException e) {
                if (!Database.isAway(e)) {
                    throw e;
                }
                LOG.debug("The health of webhooks is announced when the database is back");
                return;
            }
        }
    }

    private int announceSome() {
        ShardFence fence = ownership.fence(SHARD);
        List<Pending> pending = new ArrayList<>();
        int announced =
                jdbi.inTransaction(handle -> {
                    Connection connection = handle.getConnection();
                    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
                    List<Unannounced> found = find(connection, now);
                    if (!found.isEmpty()) {
                        requireHolds(connection, fence);
                        for (Unannounced one : found) {
                            pending.addAll(announce(connection, one, now));
                        }
                        mark(connection, found, now);
                    }
                    return found.size();
                });
        pending.forEach(Pending::committed);
        return announced;
    }

    private static void requireHolds(Connection connection, ShardFence fence) {
        if (Sql.of("select 1 where ")
                .then(fence.condition())
                .query(connection, row -> true)
                .isEmpty()) {
            throw new FencedException();
        }
    }

    /** Skips rows that a thread with outcomes has locked: the next round has them. */
    private static List<Unannounced> find(Connection connection, Instant now) {
        OffsetDateTime before = now.minus(QUIET).atOffset(ZoneOffset.UTC);
        return Sql.of(
                        """
                        select w.*, failing_unannounced and coalesce(failing_announced_at <= ?, true) as announces_failing,
                            given_up > 0 and coalesce(given_up_announced_at <= ?, true) as announces_given_up
                        from webhook w where (failing_unannounced or given_up > 0)
                            and (failing_unannounced and coalesce(failing_announced_at <= ?, true)
                                or given_up > 0 and coalesce(given_up_announced_at <= ?, true))
                        order by id limit ? for update skip locked\
                        """,
                        before,
                        before,
                        before,
                        before,
                        BATCH)
                .query(connection, Unannounced::read);
    }

    private List<Pending> announce(Connection connection, Unannounced one, Instant now) {
        List<Pending> pending = new ArrayList<>();
        Webhook webhook = one.webhook();
        Health health = webhook.health();
        if (one.failing()) {
            LOG.warn(
                    "Webhook {} ({}) of client {} has begun to fail: {}",
                    webhook.id(),
                    host(webhook),
                    webhook.clientId(),
                    health.lastError());
            pending.addAll(
                    add(
                            connection,
                            webhook,
                            EventType.WEBHOOK_FAILING,
                            EventPayloads.webhookFailing(
                                    new FailingWebhook(
                                            webhook.id(),
                                            webhook.description(),
                                            health.failingSince(),
                                            health.failures(),
                                            health.lastError()),
                                    now),
                            now));
        }
        Instant since = one.since();
        UUID last = one.last();
        if (one.givenUp() > 0 && since != null && last != null) {
            LOG.warn(
                    "{} deliveries to webhook {} ({}) of client {} were given up, the latest is {}:"
                            + " when the receiver works again, POST /v1/webhooks/{}/recover sends"
                            + " them once more",
                    one.givenUp(),
                    webhook.id(),
                    host(webhook),
                    webhook.clientId(),
                    last,
                    webhook.id());
            pending.addAll(
                    add(
                            connection,
                            webhook,
                            EventType.DELIVERY_FAILED,
                            EventPayloads.deliveryFailed(
                                    new FailedDeliveries(
                                            webhook.id(),
                                            webhook.description(),
                                            one.givenUp(),
                                            since,
                                            last,
                                            health.lastError()),
                                    now),
                            now));
        }
        return pending;
    }

    private List<Pending> add(
            Connection connection, Webhook webhook, EventType type, String payload, Instant now) {
        Event event = new Event(Ids.next(), webhook.clientId(), null, type, now, payload);
        return outbox.addWithCopy(
                connection, new NewEvent(event, null, SHARD, Map.of(), null), webhook.id());
    }

    private static void mark(Connection connection, List<Unannounced> announced, Instant now) {
        OffsetDateTime at = now.atOffset(ZoneOffset.UTC);
        Sql.of(
                        """
                        update webhook w set failing_unannounced = failing_unannounced and not a.failing,
                            failing_announced_at = case when a.failing then ? else failing_announced_at end,
                            given_up = w.given_up - a.given_up,
                            given_up_since = case when a.given_up > 0 then null else given_up_since end,
                            given_up_announced_at = case when a.given_up > 0 then ? else given_up_announced_at end
                        from unnest(?::uuid[], ?::boolean[], ?::int[]) a (id, failing, given_up) where w.id = a.id\
                        """,
                        at,
                        at,
                        Sql.column(announced, UUID[]::new, one -> one.webhook().id()),
                        Sql.column(announced, Boolean[]::new, Unannounced::failing),
                        Sql.column(announced, Integer[]::new, Unannounced::givenUp))
                .update(connection);
    }

    /** The URL without its path, which may carry a token. */
    private static String host(Webhook webhook) {
        return WebhookUrl.parse(webhook.url()).toString();
    }
}
