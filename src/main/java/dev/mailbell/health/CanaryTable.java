package dev.mailbell.health;

import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.FencedException;
import dev.mailbell.database.Sql;
import dev.mailbell.health.CanaryState.Mail;
import dev.mailbell.health.CanaryState.Miss;
import dev.mailbell.health.CanaryState.Reason;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The row of the canary, and the events that may announce its mail. */
final class CanaryTable {
    private static final int MOST_EVENTS = 200;

    /** Events are in partitions of days, by their ids: those of older days are not read. */
    private static final Duration EARLIER = Duration.ofDays(1);

    private final Jdbi jdbi;

    CanaryTable(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    Optional<CanaryState> read() {
        return jdbi.withHandle(handle ->
                Sql.of("select * from canary")
                        .query(handle.getConnection(), CanaryTable::state)
                        .stream()
                        .findFirst());
    }

    private static CanaryState state(ResultSet row) throws SQLException {
        String token = row.getString("token");
        Instant sentAt = instant(row, "sent_at");
        String reason = row.getString("reason");
        long took = row.getLong("took_ms");
        boolean tookNone = row.wasNull();
        Instant nextAt = instant(row, "next_at");
        return new CanaryState(
                row.getObject("account_id", UUID.class),
                token == null || sentAt == null
                        ? null
                        : new Mail(token, sentAt, instant(row, "accepted_at")),
                instant(row, "announced_at"),
                tookNone ? null : Duration.ofMillis(took),
                row.getInt("misses"),
                reason == null
                        ? null
                        : new Miss(
                                Reason.valueOf(reason.toUpperCase(Locale.ROOT)),
                                row.getString("problem")),
                row.getBoolean("late_announced"),
                nextAt == null ? Instant.EPOCH : nextAt);
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime at = row.getObject(column, OffsetDateTime.class);
        return at == null ? null : at.toInstant();
    }

    /**
     * Writes the row, within the connection's transaction.
     *
     * @throws FencedException when another node runs the canary
     */
    static void write(Connection connection, CanaryState state, ShardFence fence) {
        Mail mail = state.mail();
        Miss miss = state.miss();
        Duration took = state.took();
        int written =
                Sql.of(
                                """
                                insert into canary (id, account_id, token, sent_at, accepted_at, announced_at, took_ms, misses,
                                    reason, problem, late_announced, next_at)
                                select true, ?::uuid, ?, ?::timestamptz, ?::timestamptz, ?::timestamptz, ?::bigint, ?, ?, ?, ?,
                                    ?::timestamptz where \
                                """,
                                state.account(),
                                Sql.text(mail == null ? null : mail.token()),
                                Sql.text(mail == null ? null : text(mail.sentAt())),
                                Sql.text(mail == null ? null : text(mail.acceptedAt())),
                                Sql.text(text(state.announcedAt())),
                                Sql.bigint(took == null ? null : (Long) took.toMillis()),
                                state.misses(),
                                Sql.text(
                                        miss == null
                                                ? null
                                                : miss.reason().name().toLowerCase(Locale.ROOT)),
                                Sql.text(miss == null ? null : miss.problem()),
                                state.lateAnnounced(),
                                state.nextAt().atOffset(ZoneOffset.UTC))
                        .then(fence.condition())
                        .then(
                                """
                                 on conflict (id) do update set account_id = excluded.account_id, token = excluded.token,
                                    sent_at = excluded.sent_at, accepted_at = excluded.accepted_at,
                                    announced_at = excluded.announced_at, took_ms = excluded.took_ms, misses = excluded.misses,
                                    reason = excluded.reason, problem = excluded.problem,
                                    late_announced = excluded.late_announced, next_at = excluded.next_at\
                                """)
                        .update(connection);
        if (written == 0) {
            throw new FencedException();
        }
    }

    private static @Nullable String text(@Nullable Instant instant) {
        return instant == null ? null : instant.toString();
    }

    /** An event that may announce the mail. */
    record Announcement(Instant at, String payload) {}

    /** The {@code mail.new} of the account since the mail began to be sent, the oldest first. */
    List<Announcement> since(UUID account, Instant sentAt) {
        UUID floor = new UUID(sentAt.minus(EARLIER).toEpochMilli() << 16, 0);
        return jdbi.withHandle(handle ->
                Sql.of(
                                """
                                select created_at, payload from event
                                where account_id = ? and type = 'mail.new' and id >= ? and created_at >= ?
                                order by created_at, id limit ?\
                                """,
                                account,
                                floor,
                                sentAt.atOffset(ZoneOffset.UTC),
                                MOST_EVENTS)
                        .query(
                                handle.getConnection(),
                                row ->
                                        new Announcement(
                                                row.getObject("created_at", OffsetDateTime.class)
                                                        .toInstant(),
                                                row.getString("payload"))));
    }
}
