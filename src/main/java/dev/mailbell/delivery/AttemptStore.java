package dev.mailbell.delivery;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** The table of attempts: written once each, together with what became of their delivery. */
final class AttemptStore {
    private static final int LONGEST = 1024;

    private AttemptStore() {}

    /**
     * An attempt of a delivery.
     *
     * @param number from 1; one more than those made before
     */
    record Made(UUID deliveryId, int number, Attempt attempt) {}

    /** Adds attempts, within the caller's transaction. */
    static void insert(Handle handle, List<Made> made) {
        if (made.isEmpty()) {
            return;
        }
        int size = made.size();
        UUID[] ids = new UUID[size];
        Integer[] numbers = new Integer[size];
        String[] at = new String[size];
        Integer[] durations = new Integer[size];
        @Nullable Integer[] statuses = new @Nullable Integer[size];
        @Nullable String[] errors = new @Nullable String[size];
        @Nullable String[] answers = new @Nullable String[size];
        for (int i = 0; i < size; i++) {
            Attempt attempt = made.get(i).attempt();
            ids[i] = made.get(i).deliveryId();
            numbers[i] = made.get(i).number();
            at[i] = attempt.at().toString();
            durations[i] = (int) Math.clamp(attempt.duration().toMillis(), 0, Integer.MAX_VALUE);
            statuses[i] = attempt.status();
            errors[i] = attempt.error();
            answers[i] = first(attempt.answer());
        }
        // A delivery that was completed by somebody else meanwhile keeps the attempt it has.
        handle.createUpdate(
                        """
                        insert into attempt (delivery_id, number, at, duration_ms, status, error, answer)
                        select * from unnest(:ids::uuid[], :numbers::int[], :at::timestamptz[], :durations::int[], :statuses::int[],
                            :errors::text[], :answers::text[])
                        on conflict do nothing\
                        """)
                .bind("ids", ids)
                .bind("numbers", numbers)
                .bind("at", at)
                .bind("durations", durations)
                .bind("statuses", statuses)
                .bind("errors", errors)
                .bind("answers", answers)
                .execute();
    }

    private static @Nullable String first(@Nullable String answer) {
        return answer == null || answer.length() <= LONGEST ? answer : answer.substring(0, LONGEST);
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
