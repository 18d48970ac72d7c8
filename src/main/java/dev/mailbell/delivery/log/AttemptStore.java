package dev.mailbell.delivery.log;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** The table of attempts: each is inserted once, together with the new state of its delivery. */
public final class AttemptStore {
    private static final int MAX_ANSWER = 1024;

    private AttemptStore() {}

    /** The part of an answer's body that is stored. */
    public static @Nullable String kept(@Nullable String answer) {
        return answer == null || answer.length() <= MAX_ANSWER
                ? answer
                : answer.substring(0, MAX_ANSWER);
    }

    /** The duration of an attempt as it is stored. */
    public static int millis(Attempt attempt) {
        return (int) Math.clamp(attempt.duration().toMillis(), 0, Integer.MAX_VALUE);
    }

    /** Every attempt of a delivery, the oldest first. */
    static List<Attempt> of(Handle handle, UUID deliveryId) {
        return handle.createQuery("select * from attempt where delivery_id = :id order by number")
                .bind("id", deliveryId)
                .map((row, context) -> read(row))
                .list();
    }

    private static Attempt read(ResultSet row) throws SQLException {
        return new Attempt(
                row.getObject("at", OffsetDateTime.class).toInstant(),
                Duration.ofMillis(row.getInt("duration_ms")),
                row.getObject("status", Integer.class),
                row.getString("answer"),
                row.getString("error"),
                null,
                null);
    }
}
