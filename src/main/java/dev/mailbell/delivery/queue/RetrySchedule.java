package dev.mailbell.delivery.queue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** When a failed delivery is attempted again. */
final class RetrySchedule {
    private static final double JITTER = 0.2;
    private static final Duration MAX_RETRY_AFTER = Duration.ofDays(1);

    private RetrySchedule() {}

    /**
     * The wait before the next attempt: the configured one with a jitter of up to 20 %, or the
     * {@code Retry-After} of the endpoint (24 h at most) when that is longer.
     *
     * @param schedule the waits between attempts
     * @param attempts POSTs made so far, 1 or more
     * @return empty when the schedule is used up
     */
    static Optional<Duration> next(
            List<Duration> schedule,
            int attempts,
            @Nullable Duration retryAfter,
            RandomGenerator random) {
        if (attempts > schedule.size()) {
            return Optional.empty();
        }
        double factor = 1 + JITTER * (2 * random.nextDouble() - 1);
        Duration wait = Duration.ofNanos((long) (schedule.get(attempts - 1).toNanos() * factor));
        if (retryAfter == null || retryAfter.compareTo(wait) <= 0) {
            return Optional.of(wait);
        }
        return Optional.of(
                retryAfter.compareTo(MAX_RETRY_AFTER) < 0 ? retryAfter : MAX_RETRY_AFTER);
    }
}
