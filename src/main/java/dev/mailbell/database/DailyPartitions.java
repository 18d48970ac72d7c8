package dev.mailbell.database;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The daily partitions of events, deliveries, attempts and the audit log: created two days ahead,
 * and dropped when all their rows are older than the retention time. Days are UTC days.
 */
public final class DailyPartitions {
    private static final Logger log = LoggerFactory.getLogger(DailyPartitions.class);

    /** Few, because every partition makes each statement a little slower. */
    private static final int DAYS_AHEAD = 2;

    /** Short, because all writers of the table wait behind this lock request. */
    private static final String SHORT_LOCK_TIMEOUT = "set local lock_timeout = '2s'";

    private static final String AGED_OUT = "aged out: kept for as long as retention says";

    private final Jdbi jdbi;
    private final InstantSource clock;

    /**
     * The result of {@link #drop(Duration, Duration)}.
     *
     * @param partitions the names of the dropped partitions
     * @param undelivered deliveries that were still pending in them or lost their event
     */
    public record Dropped(List<String> partitions, long undelivered) {
        public Dropped {
            partitions = List.copyOf(partitions);
        }
    }

    public DailyPartitions(Jdbi jdbi, InstantSource clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    /**
     * Calls {@link #makeAhead} and logs a failure, which does not prevent the start: rows of a day
     * without a partition go into the default one.
     */
    public void makeAheadAtStart() {
        try {
            makeAhead();
        } catch (RuntimeException e) {
            log.warn(
                    "Daily partitions cannot be created now; the next attempt is within the hour: {}",
                    e.getMessage());
        }
    }

    /** Creates the missing partitions of today and the next two days. */
    public void makeAhead() {
        LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        for (String table : List.of("event", "delivery", "attempt", "audit")) {
            for (int ahead = 0; ahead <= DAYS_AHEAD; ahead++) {
                LocalDate day = today.plusDays(ahead);
                // One transaction a day, so that locks are held briefly.
                jdbi.useTransaction(handle -> {
                    handle.execute(SHORT_LOCK_TIMEOUT);
                    boolean created =
                            handle.createQuery("select log_add_day(:table, :day)")
                                    .bind("table", table)
                                    .bind("day", day)
                                    .mapTo(Boolean.class)
                                    .one();
                    log.debug("{} of {}: {}", table, day, created ? "created" : "exists");
                });
            }
        }
    }

    /**
     * Drops the partitions whose rows are all older than the retention times. Deliveries in them
     * that are still pending, or that lose their event, become failed.
     *
     * @param events how long events are kept
     * @param deliveries how long deliveries and their attempts are kept
     */
    public Dropped drop(Duration events, Duration deliveries) {
        Instant now = clock.instant();
        LocalDate eventsFrom = LocalDate.ofInstant(now.minus(events), ZoneOffset.UTC);
        LocalDate deliveriesFrom = LocalDate.ofInstant(now.minus(deliveries), ZoneOffset.UTC);
        long undelivered = ageOut(eventsFrom, deliveriesFrom, now);
        if (undelivered > 0) {
            log.warn(
                    "{} deliveries were still pending when they became older than retention.events"
                            + " or retention.deliveries; they have failed",
                    undelivered);
        }
        List<String> dropped = new ArrayList<>();
        // Attempts first: an attempt never outlives its delivery.
        dropped.addAll(drop("attempt", "delivery_id", deliveriesFrom));
        dropped.addAll(drop("delivery", "id", deliveriesFrom));
        dropped.addAll(drop("event", "id", eventsFrom));
        if (!dropped.isEmpty()) {
            log.info("dropped partitions older than the retention time: {}", dropped);
        }
        return new Dropped(dropped, undelivered);
    }

    /**
     * Drops the partitions of the audit log whose rows are all older than the retention time.
     *
     * @return their names
     */
    public List<String> dropAudit(Duration audit) {
        LocalDate from = LocalDate.ofInstant(clock.instant().minus(audit), ZoneOffset.UTC);
        List<String> dropped = drop("audit", "id", from);
        if (!dropped.isEmpty()) {
            log.info("dropped partitions older than retention.audit: {}", dropped);
        }
        return dropped;
    }

    private long ageOut(LocalDate eventsFrom, LocalDate deliveriesFrom, Instant now) {
        LocalDate later = eventsFrom.isAfter(deliveriesFrom) ? eventsFrom : deliveriesFrom;
        return jdbi.withHandle(handle ->
                handle.createUpdate(
                                """
                                update delivery set status = 'failed', last_error = :why, completed_at = :now
                                where status = 'pending' and id < :bound and (id < :deliveries or event_id < :events)\
                                """)
                        .bind("why", AGED_OUT)
                        .bind("now", now.atOffset(ZoneOffset.UTC))
                        .bind("deliveries", floor(deliveriesFrom))
                        .bind("events", floor(eventsFrom))
                        // A delivery is inserted with its event, or moments later.
                        .bind("bound", floor(later.plusDays(1)))
                        .execute());
    }

    private List<String> drop(String table, String key, LocalDate keepFrom) {
        List<String> dropped = new ArrayList<>();
        for (String partition : partitions(table)) {
            String day = partition.substring(table.length() + 1);
            if (LocalDate.parse(day, DateTimeFormatter.BASIC_ISO_DATE).isBefore(keepFrom)) {
                jdbi.useTransaction(handle -> {
                    handle.execute(SHORT_LOCK_TIMEOUT);
                    handle.execute("drop table if exists " + partition);
                });
                dropped.add(partition);
            }
        }
        jdbi.useHandle(handle -> clearDefault(handle, table, key, keepFrom));
        return dropped;
    }

    /**
     * Deletes old rows of the default partition, which has the rows of days without a partition.
     */
    private static void clearDefault(Handle handle, String table, String key, LocalDate keepFrom) {
        handle.createUpdate("delete from " + table + "_default where " + key + " < :bound")
                .bind("bound", floor(keepFrom))
                .execute();
    }

    /** The names of a table's daily partitions, oldest first. */
    List<String> partitions(String table) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
                                where i.inhparent = to_regclass(:table) and c.relname ~ ('^' || :table || '_[0-9]{8}$')
                                order by c.relname\
                                """)
                        .bind("table", table)
                        .mapTo(String.class)
                        .list());
    }

    /** The lowest UUIDv7 of a day. */
    static UUID floor(LocalDate day) {
        return floor(day.atStartOfDay(ZoneOffset.UTC).toInstant());
    }

    /** The lowest UUIDv7 of a millisecond, in PostgreSQL's sort order. */
    private static UUID floor(Instant instant) {
        return new UUID(Math.max(0, instant.toEpochMilli()) << 16, 0);
    }
}
