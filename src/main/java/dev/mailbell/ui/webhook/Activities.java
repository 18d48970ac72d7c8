package dev.mailbell.ui.webhook;

import dev.mailbell.delivery.log.Activity;
import dev.mailbell.ui.page.Show;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Rates and durations of attempts as people read them. */
final class Activities {
    private static final String NONE = "–";

    private Activities() {}

    /** A share in percent; 100 % only when it is whole. */
    static String rate(@Nullable Activity activity) {
        if (activity == null || activity.attempts() == 0) {
            return NONE;
        }
        if (activity.failed() == 0) {
            return "100 %";
        }
        BigDecimal percent =
                BigDecimal.valueOf(100 * activity.successRate()).setScale(1, RoundingMode.DOWN);
        return String.format(Locale.ROOT, "%s %%", percent.toPlainString());
    }

    static String rateKind(@Nullable Activity activity) {
        if (activity == null || activity.attempts() == 0) {
            return "";
        }
        double rate = activity.successRate();
        return rate < 0.9 ? "bad" : rate < 0.99 ? "warn" : "";
    }

    static String quantile(@Nullable Activity activity, double share) {
        return activity == null || activity.attempts() == 0
                ? NONE
                : millis(activity.quantileMillis(share));
    }

    static String millis(long millis) {
        return Show.duration(Duration.ofMillis(millis));
    }
}
