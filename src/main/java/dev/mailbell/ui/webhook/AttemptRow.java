package dev.mailbell.ui.webhook;

import dev.mailbell.delivery.log.Attempt;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An attempt as a page shows it.
 *
 * @param code the status of the answer; null for no answer
 * @param error null when it was delivered
 * @param answer the beginning of the answer's body; null for none
 */
public record AttemptRow(
        int number,
        Instant at,
        String duration,
        StateView result,
        @Nullable Integer code,
        @Nullable String error,
        @Nullable String answer) {
    static AttemptRow of(int number, Attempt attempt) {
        String answer = attempt.answer();
        return new AttemptRow(
                number,
                attempt.at(),
                Activities.millis(attempt.duration().toMillis()),
                StateView.ofAttempt(attempt.delivered()),
                attempt.status(),
                attempt.error(),
                answer == null || answer.isBlank() ? null : answer);
    }
}
