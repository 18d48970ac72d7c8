package dev.mailbell.delivery;

import dev.mailbell.database.Sql;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import java.sql.Connection;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the deliveries that were deferred because very many webhooks, or many that are not healthy,
 * want one event. One thread, in pieces, {@linkplain Throttle throttled} unless a piece was for
 * healthy webhooks: what the others cost delays no healthy one. What waits of one mailbox becomes one delivery a webhook, as it would have
 * merged. The table holds what is to be done; a crash loses nothing of it.
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

    FanOut(
            Jdbi jdbi,
            Lanes lanes,
            DeliveryMeters meters,
            InstantSource clock,
            Throttle throttle) {
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

    /** A row of the table. */
    private record Deferred(
            UUID eventId,
            @Nullable UUID accountId,
            @Nullable String mailbox,
            int shard,
            @Nullable Integer newCount,
            List<UUID> webhooks,
            @Nullable Event event) {
        boolean mergesWith(Deferred next) {
            return newCount != null && next.newCount != null && webhooks.equals(next.webhooks);
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

    /** The first row in the order of work, or of its mailbox, and those behind that merge with it. */
    private static List<Deferred> group(Connection connection) {
        List<Deferred> rows =
                Sql.of(
                                """
                                with oldest as (select account_id, coalesce(mailbox, '') as mailbox, event_id from fanout
                                    order by healthy desc, event_id limit 1)
                                select f.*, e.client_id, e.type, e.created_at, e.payload
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
                                                List.of(
                                                        (UUID[])
                                                                row.getArray("webhooks")
                                                                        .getArray()),
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

    private Piece serve(Connection connection, List<Deferred> group) {
        List<UUID> all = group.getFirst().webhooks();
        List<Enabled> enabled = enabled(connection, all);
        boolean healthy = !enabled.isEmpty() && enabled.getFirst().healthy();
        List<UUID> piece =
                Stream.concat(enabled.stream().map(Enabled::id), all.stream())
                        .distinct()
                        .limit(PIECE)
                        .toList();
        List<Deferred> kept = group.stream().filter(row -> row.event() != null).toList();
        Intake.Added added = new Intake.Added(List.of(), 0);
        if (!kept.isEmpty()) {
            Deferred last = kept.getLast();
            long sum =
                    kept.stream()
                            .mapToLong(row -> row.newCount() == null ? 0 : row.newCount())
                            .sum();
            Event event = last.event();
            if (event != null) {
                NewEvent merged =
                        new NewEvent(
                                event,
                                last.mailbox(),
                                last.shard(),
                                Map.of(),
                                last.newCount() == null
                                        ? null
                                        : (Integer) (int) Math.min(sum, Integer.MAX_VALUE));
                added =
                        Intake.addLater(
                                connection, merged, piece, kept.size() > 1, clock.instant());
            }
        }
        Set<UUID> served = new HashSet<>(piece);
        UUID[] rest = all.stream().filter(id -> !served.contains(id)).toArray(UUID[]::new);
        UUID[] events = group.stream().map(Deferred::eventId).toArray(UUID[]::new);
        if (rest.length == 0) {
            Sql.of("delete from fanout where event_id = any(?)", (Object) events)
                    .update(connection);
        } else {
            Sql.of(
                            "update fanout set webhooks = ?, healthy = ? where event_id = any(?)",
                            rest,
                            healthy,
                            events)
                    .update(connection);
        }
        return new Piece(added, healthy);
    }

    private record Enabled(UUID id, boolean healthy) {}

    /** Those that may be sent to now, the healthy ones first. */
    private static List<Enabled> enabled(Connection connection, List<UUID> webhooks) {
        return Sql.of(
                        """
                        select id, healthy from webhook where id = any(?) and state = 'enabled'
                        order by healthy desc limit ?\
                        """,
                        webhooks.toArray(UUID[]::new),
                        PIECE)
                .query(
                        connection,
                        row ->
                                new Enabled(
                                        row.getObject("id", UUID.class),
                                        row.getBoolean("healthy")));
    }
}
