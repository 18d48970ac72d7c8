package dev.mailbell.watch.history;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.watch.admission.CheckTrigger;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How a check went, or several in a row that went alike.
 *
 * @param trigger the cause of the latest one
 * @param startedAt when the latest one began
 * @param tookMillis how long the latest one took, without waiting for its permit
 * @param times how many in a row went alike
 * @param firstAt when the first of them began
 * @param newCount how many messages were new
 * @param code why it failed, or what was wrong although it succeeded; null for nothing
 * @param message the failure in words, of the latest one; null where it is not kept
 */
public record PastCheck(
        Result result,
        CheckTrigger trigger,
        Instant startedAt,
        long tookMillis,
        int times,
        Instant firstAt,
        int newCount,
        @Nullable FailureCode code,
        @Nullable String message) {

    /** What a check came to. */
    public enum Result {
        /** It found nothing new. */
        NOTHING,
        /** It found new messages. */
        MAIL,
        /** Counting began anew, because UIDs lost their meaning. */
        RESET,
        FAILED,
        /** The connection that was kept had been lost; another one was to be opened. */
        CONNECTION_LOST;

        /** The name in the API. */
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Whether both checks went alike, so that one line can show them. */
    boolean isLike(PastCheck earlier) {
        return result == earlier.result
                && code == earlier.code
                && result != Result.MAIL
                && result != Result.RESET;
    }

    /** This check together with those before it that went alike. */
    PastCheck after(PastCheck alike) {
        return new PastCheck(
                result,
                trigger,
                startedAt,
                tookMillis,
                (int) Math.min(Integer.MAX_VALUE, (long) alike.times + times),
                alike.firstAt,
                newCount,
                code,
                message);
    }
}
