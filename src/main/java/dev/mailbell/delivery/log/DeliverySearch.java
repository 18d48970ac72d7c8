package dev.mailbell.delivery.log;

import dev.mailbell.database.Sql;
import dev.mailbell.delivery.log.DeliveryLists.ListKey;
import dev.mailbell.delivery.log.DeliveryLists.ReadBelow;
import dev.mailbell.delivery.log.LoggedDelivery.Status;
import dev.mailbell.event.Ids;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;

/**
 * Searches the delivery log of a client, the newest first. An index finds the deliveries of a
 * webhook by status, or those of an account; the other conditions are tested one by one, for a
 * bounded number of deliveries a page.
 */
public final class DeliverySearch {
    /** Deliveries that a page reads, up to one statement more. */
    static final int MAX_LOOKED_AT = 10_000;

    /** Webhooks of a client whose deliveries are searched together. */
    public static final int MAX_WEBHOOKS = 500;

    /** Rows that the first statement of a page reads, about: one of each list and day. */
    private static final int FIRST_ROWS = 2_000;

    private static final int CHUNK = 1_000;
    private static final UUID HIGHEST = new UUID(-1, -1);
    private static final UUID LOWEST = new UUID(0, 0);

    /** A delivery gets its id at its event's time or moments later. */
    private static final Duration SLACK = Duration.ofMinutes(10);

    /** The log has a partition for each, in UTC. */
    private static final long DAY = Duration.ofDays(1).toMillis();

    private final Jdbi jdbi;
    private final InstantSource clock;
    private final int firstRows;

    public DeliverySearch(Jdbi jdbi, InstantSource clock) {
        this(jdbi, clock, FIRST_ROWS);
    }

    /** For tests: with fewer rows the first statement looks through fewer days. */
    DeliverySearch(Jdbi jdbi, InstantSource clock, int firstRows) {
        this.jdbi = jdbi;
        this.clock = clock;
        this.firstRows = firstRows;
    }

    /**
     * A page.
     *
     * @param next the page before continues below this id; null when there is nothing older. A page
     *     that looked at many deliveries may be short, or empty, and have one
     */
    public record Found(List<LoggedDelivery> deliveries, @Nullable UUID next) {}

    /**
     * Finds deliveries.
     *
     * @param clientId those to webhooks of this client; null for all clients
     * @param before deliveries with lower ids; null for the newest
     * @param limit deliveries at most
     */
    public Found find(
            @Nullable UUID clientId, DeliveryFilter filter, @Nullable UUID before, int limit) {
        UUID from = lower(before == null ? HIGHEST : before, highest(filter));
        // One snapshot, so that a delivery whose status changes meanwhile is found once.
        return jdbi.inTransaction(
                TransactionIsolationLevel.REPEATABLE_READ,
                handle -> {
                    Connection connection = handle.getConnection();
                    return filter.accountId() != null
                                    || (clientId == null && filter.webhookId() == null)
                            ? scanned(connection, clientId, filter, from, limit)
                            : ofLists(connection, clientId, filter, from, limit);
                });
    }

    /**
     * Merges the lists of all webhooks and statuses, the newest deliveries first, one span of days
     * after the other. Each list costs a row for each day of the span, so that many lists begin
     * with a short span.
     */
    private Found ofLists(
            Connection connection,
            @Nullable UUID clientId,
            DeliveryFilter filter,
            UUID before,
            int limit) {
        List<ListKey> keys = keys(connection, clientId, filter);
        List<LoggedDelivery> found = new ArrayList<>();
        if (keys.isEmpty()) {
            return new Found(found, null);
        }
        UUID oldest = oldest(connection, before);
        if (oldest == null) {
            return new Found(found, null);
        }
        UUID lowest = higher(lowest(filter), oldest);
        UUID from = before;
        UUID last = before;
        long days = Math.max(1, firstRows / keys.size());
        int left = MAX_LOOKED_AT;
        while (true) {
            UUID floor = higher(lowest, daysBelow(from, days));
            DeliveryLists lists =
                    new DeliveryLists(
                            (below, size) -> read(connection, floor, below, size),
                            keys,
                            from,
                            limit + 1 - found.size(),
                            left);
            for (LoggedDelivery next = lists.next(); next != null; next = lists.next()) {
                if (filter.matches(next)) {
                    if (found.size() == limit) {
                        return new Found(found, found.getLast().id());
                    }
                    found.add(next);
                }
                last = next.id();
            }
            if (lists.isSpent()) {
                return new Found(found, last);
            }
            if (floor.equals(lowest)) {
                return new Found(found, null);
            }
            from = floor;
            left -= lists.read();
            days *= 2;
        }
    }

    /**
     * The oldest delivery there is, below an id or later in its day, so that no days are searched
     * that the log does not have. The primary key of each day has its oldest one first.
     */
    private static @Nullable UUID oldest(Connection connection, UUID before) {
        return Sql.of(
                        "select id from delivery where true"
                                + notAfterDayOf(before)
                                + " order by id limit 1")
                .query(connection, row -> row.getObject("id", UUID.class))
                .stream()
                .findFirst()
                .orElse(null);
    }

    /**
     * A condition that excludes the days after that of an id. It ends with a day, because with the
     * id itself the planner would expect few rows of that day by the primary key.
     */
    private static String notAfterDayOf(UUID id) {
        long next = ((id.getMostSignificantBits() >>> 16) / DAY + 1) * DAY;
        return next >>> 48 == 0 ? " and id < '" + lowestId(Instant.ofEpochMilli(next)) + "'" : "";
    }

    /** The lowest id so many days before an id, or before now where that is later. */
    private UUID daysBelow(UUID id, long days) {
        long from = Math.min(id.getMostSignificantBits() >>> 16, clock.millis());
        return lowestId(Instant.ofEpochMilli(from).minus(Duration.ofDays(days)));
    }

    private static List<ListKey> keys(
            Connection connection, @Nullable UUID clientId, DeliveryFilter filter) {
        Sql webhooks = Sql.of("select id from webhook where true");
        if (clientId != null) {
            webhooks = webhooks.then(" and client_id = ?", clientId);
        }
        if (filter.webhookId() != null) {
            webhooks = webhooks.then(" and id = ?", filter.webhookId());
        }
        List<Status> statuses =
                filter.status() == null ? List.of(Status.values()) : List.of(filter.status());
        return webhooks
                .then(" order by id limit " + MAX_WEBHOOKS)
                .query(connection, row -> row.getObject("id", UUID.class))
                .stream()
                .flatMap(id -> statuses.stream().map(status -> new ListKey(id, status)))
                .toList();
    }

    /** One index scan for each list, which ends after so many rows. */
    private static List<LoggedDelivery> read(
            Connection connection, UUID lowest, List<ReadBelow> below, int size) {
        // The limit is a literal, because a plan for any limit may read a whole partition. So may
        // one by the primary key, for a webhook with few deliveries in a day in which another one
        // has many. It lacks the order by status and id, and without an upper bound of the id
        // within a day the planner does not take it for short. The conditions on the id alone
        // exclude older and newer days. They are literals, because for a range of two parameters a
        // generic plan expects few rows. The lateral join looks each event up, where another one
        // might read all events.
        UUID highest = below.stream().map(ReadBelow::before).reduce(LOWEST, DeliverySearch::higher);
        return Sql.of(
                        "select d.*, e.type from (select p.* from unnest(?::uuid[], ?::text[], ?::uuid[])"
                                + " l (webhook, status, before) cross join lateral (select * from delivery"
                                + " where webhook_id = l.webhook and (status, id) < (l.status, l.before)"
                                + " and (status, id) >= (l.status, ?) and id >= '"
                                + lowest
                                + "'"
                                + notAfterDayOf(highest)
                                + " order by status desc, id desc limit "
                                + size
                                + ") p) d left join lateral (select type from event where id = d.event_id limit 1) e"
                                + " on true order by d.id desc",
                        Sql.column(below, UUID[]::new, each -> each.key().webhook()),
                        Sql.column(below, String[]::new, each -> each.key().status().wireName()),
                        Sql.column(below, UUID[]::new, ReadBelow::before),
                        lowest)
                .query(connection, LoggedDelivery::read);
    }

    /** The deliveries of an account, or all, by one index. */
    private static Found scanned(
            Connection connection,
            @Nullable UUID clientId,
            DeliveryFilter filter,
            UUID before,
            int limit) {
        boolean indexed =
                filter.isIndexed() && (filter.accountId() != null || filter.status() == null);
        int chunk = indexed ? limit + 1 : Math.max(CHUNK, limit + 1);
        List<LoggedDelivery> found = new ArrayList<>();
        UUID from = before;
        int lookedAt = 0;
        while (true) {
            List<LoggedDelivery> page = chunk(connection, clientId, filter, from, chunk);
            for (LoggedDelivery delivery : page) {
                if (filter.matches(delivery)) {
                    if (found.size() == limit) {
                        return new Found(found, found.getLast().id());
                    }
                    found.add(delivery);
                }
            }
            if (page.size() < chunk) {
                return new Found(found, null);
            }
            from = page.getLast().id();
            lookedAt += page.size();
            if (lookedAt >= MAX_LOOKED_AT) {
                return new Found(found, from);
            }
        }
    }

    private static List<LoggedDelivery> chunk(
            Connection connection,
            @Nullable UUID clientId,
            DeliveryFilter filter,
            UUID before,
            int size) {
        Sql inner =
                filter.accountId() == null
                        ? Sql.of("select * from delivery where true")
                        : ofAccount(clientId, filter.accountId());
        return Sql.of("select d.*, e.type from (")
                .then(inner)
                .then(
                        " and id < ? and id >= ? order by id desc limit " + size,
                        before,
                        lowest(filter))
                .then(") d left join event e on e.id = d.event_id order by d.id desc")
                .query(connection, LoggedDelivery::read);
    }

    private static Sql ofAccount(@Nullable UUID clientId, UUID accountId) {
        Sql sql = Sql.of("select l.* from delivery l where account_id = ?", accountId);
        return clientId == null
                ? sql
                : sql.then(
                        " and exists (select from webhook w where w.id = l.webhook_id and w.client_id = ?)",
                        clientId);
    }

    private static UUID lowest(DeliveryFilter filter) {
        return filter.since() == null ? LOWEST : lowestId(filter.since().minus(SLACK));
    }

    private static UUID highest(DeliveryFilter filter) {
        return filter.until() == null ? HIGHEST : lowestId(filter.until().plus(SLACK));
    }

    /** The lower one in PostgreSQL's order. */
    private static UUID lower(UUID one, UUID other) {
        return Ids.compare(one, other) <= 0 ? one : other;
    }

    /** The higher one in PostgreSQL's order. */
    private static UUID higher(UUID one, UUID other) {
        return Ids.compare(one, other) >= 0 ? one : other;
    }

    /** The lowest UUIDv7 of a millisecond, in PostgreSQL's order. */
    private static UUID lowestId(Instant instant) {
        return new UUID(Math.max(0, instant.toEpochMilli()) << 16, 0);
    }
}
