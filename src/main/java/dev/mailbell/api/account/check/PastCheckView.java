package dev.mailbell.api.account.check;

import dev.mailbell.watch.history.PastCheck;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** How a check went, or several in a row that went alike, as clients see it. */
record PastCheckView(
        String result,
        String source,
        Instant startedAt,
        long durationMillis,
        int times,
        Instant firstAt,
        int newCount,
        @Nullable AdvisedFailure failure) {
    static PastCheckView of(PastCheck check) {
        return new PastCheckView(
                check.result().wireName(),
                check.trigger().wireName(),
                check.startedAt(),
                check.tookMillis(),
                check.times(),
                check.firstAt(),
                check.newCount(),
                AdvisedFailure.of(check.code(), check.message()));
    }
}
