package dev.mailbell.delivery;

import dev.mailbell.database.Sql;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import java.sql.Connection;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the deliveries that were deferred because very many webhooks, or many that are not healthy,
 * want one event. One thread, in pieces, {@linkplain Throttle throttled} unless a piece was for
 * healthy webhooks: what the others cost delays no healthy one. What waits of one mailbox becomes
 * one delivery a webhook, as it would have merged. The table holds what is to be done; a crash
 * loses nothing of it.
 */
final class FanOut {
    private static final Logger LOG = LoggerFactory.getLogger(FanOut.class);

    /** Webhooks served in one transaction. */
    static final int PIECE = 100;

    /** Events of a mailbox that become one delivery at most. */
    private static final int MOST_EVENTS = 500;

    private static final Duration POLL = Duration.ofSeconds(1);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Jdbi jdbi;
    private final Lanes lanes;
    private final DeliveryMeters meters;
    private final InstantSource clock;
    private final Throttle throttle;
    private final ReadFailures failures =
            new ReadFailures(LOG, "Deferred deliveries cannot be made now");
    private final Thread thread = Thread.ofVirtual().name("fan-out").unstarted(this::run);

    FanOut(Jdbi jdbi, Lanes lanes, DeliveryMeters meters, InstantSource clock, Throttle throttle) {
        this.throttle = throttle;
        this.jdbi = jdbi;
        this.lanes = lanes;
        this.meters = meters;
        this.clock = clock;
    }

    void start() {
        thread.start();
    }

    void stop() throws InterruptedException {
        thread.interrupt();
        thread.join(Duration.ofSeconds(5));
    }

    private void run() {
        Served served = Served.NOTHING;
        try {
            while (true) {
                try {
                    served =
                            served == Served.HEALTHY
                                    ? servePiece()
                                    : throttle.run(this::servePiece);
                } catch (RuntimeException e) {
                    if (Thread.currentThread().isInterrupted()) {
                        return;
                    }
                    failures.failed(e);
                    Thread.sleep(PAUSE);
                    continue;
                }
                failures.succeeded();
                if (served == Served.NOTHING) {
                    Thread.sleep(POLL);
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("No more deferred deliveries are made");
        }
    }

    /**
     * A row of the table.
     *
     * @param labels of the account, as JSON
     * @param event null when it is no longer kept
     */
    private record Deferred(
            UUID eventId,
            @Nullable UUID accountId,
            @Nullable String mailbox,
            int shard,
            @Nullable Integer newCount,
            String labels,
            List<UUID> served,
            @Nullable Event event) {
        boolean mergesWith(Deferred next) {
            return newCount != null
                    && next.newCount != null
                    && labels.equals(next.labels)
                    && served.equals(next.served);
        }
    }

    /** Which webhooks a piece of work was for. */
    private enum Served {
        NOTHING,
        OTHERS,
        HEALTHY
    }

    /** Serves some webhooks of what is deferred longest, healthy ones first. */
    private Served servePiece() {
        long begun = lanes.beginCommit();
        Optional<Piece> served =
                jdbi.inTransaction(handle -> {
                    Connection connection = handle.getConnection();
                    List<Deferred> group = group(connection);
                    if (group.isEmpty()) {
                        return Optional.empty();
                    }
                    return Optional.of(serve(connection, group));
                });
        if (served.isEmpty()) {
            return Served.NOTHING;
        }
        Piece piece = served.get();
        lanes.offer(piece.added().deliveries(), begun);
        meters.merged(piece.added().merged());
        return piece.healthy() ? Served.HEALTHY : Served.OTHERS;
    }

    /**
     * What was written.
     *
     * @param healthy whether some of the webhooks are healthy
     */
    private record Piece(Intake.Added added, boolean healthy) {}

    /**
     * The first row in the order of work, or of its mailbox, and those behind that merge with it.
     */
    private static List<Deferred> group(Connection connection) {
        List<Deferred> rows =
                Sql.of(
                                """
                                with oldest as (select account_id, coalesce(mailbox, '') as mailbox, event_id from fanout
                                    order by healthy desc, event_id limit 1)
                                select f.event_id, f.account_id, f.mailbox, f.shard, f.new_count, f.labels::text as labels,
                                    f.served, e.client_id, e.type, e.created_at, e.payload
                                from oldest o join fanout f on f.event_id = o.event_id
                                    or (f.account_id = o.account_id and coalesce(f.mailbox, '') = o.mailbox)
                                left join event e on e.id = f.event_id
                                order by f.event_id limit ? for update of f\
                                """,
                                MOST_EVENTS)
                        .query(
                                connection,
                                row ->
                                        new Deferred(
                                                row.getObject("event_id", UUID.class),
                                                row.getObject("account_id", UUID.class),
                                                row.getString("mailbox"),
                                                row.getInt("shard"),
                                                row.getObject("new_count", Integer.class),
                                                row.getString("labels"),
                                                List.of((UUID[]) row.getArray("served").getArray()),
                                                row.getString("payload") == null
                                                        ? null
                                                        : EventStore.read(row, "event_id")));
        List<Deferred> group = new ArrayList<>();
        for (Deferred row : rows) {
            if (!group.isEmpty() && !group.getLast().mergesWith(row)) {
                break;
            }
            group.add(row);
        }
        return group;
    }

    private Piece serve(Connection connection, List<Deferred> rows) {
        List<Deferred> group = sameAudience(connection, rows);
        List<Deferred> kept = group.stream().filter(row -> row.event() != null).toList();
        List<Waiting> piece = kept.isEmpty() ? List.of() : waiting(connection, kept.getFirst());
        List<UUID> webhooks = piece.stream().map(Waiting::id).toList();
        Intake.Added added =
                piece.isEmpty()
                        ? new Intake.Added(List.of(), 0)
                        : Intake.addLater(
                                connection,
                                merged(kept),
                                webhooks,
                                kept.size() > 1,
                                clock.instant());
        boolean healthy = !piece.isEmpty() && piece.getFirst().healthy();
        UUID[] events = group.stream().map(Deferred::eventId).toArray(UUID[]::new);
        if (piece.size() < PIECE) {
            Sql.of("delete from fanout where event_id = any(?)", (Object) events)
                    .update(connection);
        } else {
            Sql.of(
                            "update fanout set served = served || ?, healthy = ? where event_id = any(?)",
                            webhooks.toArray(UUID[]::new),
                            healthy,
                            events)
                    .update(connection);
        }
        return new Piece(added, healthy);
    }

    /** The last event, with the sum of all. */
    private static NewEvent merged(List<Deferred> group) {
        Deferred last = group.getLast();
        long sum =
                group.stream().mapToLong(row -> row.newCount() == null ? 0 : row.newCount()).sum();
        return new NewEvent(
                Objects.requireNonNull(last.event(), "of a row that is kept"),
                last.mailbox(),
                last.shard(),
                Map.of(),
                last.newCount() == null ? null : (Integer) (int) Math.min(sum, Integer.MAX_VALUE));
    }

    /** The first of these rows: no webhook was made between their events. */
    private static List<Deferred> sameAudience(Connection connection, List<Deferred> rows) {
        Event first = rows.getFirst().event();
        if (first == null || rows.size() == 1) {
            return rows.subList(0, 1);
        }
        List<UUID> made =
                Sql.of(
                                "select id from webhook where client_id = ? and id > ? order by id limit 1",
                                first.clientId(),
                                first.id())
                        .query(connection, row -> row.getObject("id", UUID.class));
        // In text an id sorts as in PostgreSQL.
        return made.isEmpty()
                ? rows
                : rows.stream()
                        .takeWhile(row ->
                                row.eventId().toString().compareTo(made.getFirst().toString()) < 0)
                        .toList();
    }

    /** A webhook that is to be served. */
    private record Waiting(UUID id, boolean healthy) {}

    /**
     * Those that want the event, were made before it and are not served yet: the healthy ones
     * first, then those that may be sent to.
     */
    private static List<Waiting> waiting(Connection connection, Deferred row) {
        Event event = Objects.requireNonNull(row.event(), "of a row that is kept");
        return Sql.of(
                        "select id, healthy from webhook where id < ? and id <> all(?) and ",
                        event.id(),
                        row.served().toArray(UUID[]::new))
                .then(
                        Takers.wants(
                                event.clientId(),
                                event.accountId(),
                                event.type().wireName(),
                                row.labels()))
                .then(" order by healthy desc, state <> 'enabled', id limit ?", PIECE)
                .query(
                        connection,
                        found ->
                                new Waiting(
                                        found.getObject("id", UUID.class),
                                        found.getBoolean("healthy")));
    }
}
