package dev.mailbell.delivery.log;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** The table of attempts: written once each, together with what became of their delivery. */
public final class AttemptStore {
    private static final int LONGEST = 1024;

    private AttemptStore() {}

    /** What is kept of a receiver's answer. */
    public static @Nullable String kept(@Nullable String answer) {
        return answer == null || answer.length() <= LONGEST ? answer : answer.substring(0, LONGEST);
    }

    /** How long an attempt took, as the table has it. */
    public static int millis(Attempt attempt) {
        return (int) Math.clamp(attempt.duration().toMillis(), 0, Integer.MAX_VALUE);
    }

    /** Every attempt of a delivery, the first one first. */
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
