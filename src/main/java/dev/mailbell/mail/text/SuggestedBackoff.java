package dev.mailbell.mail.text;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The wait that Exchange asks for in the text of a refusal. */
public final class SuggestedBackoff {
    private static final Pattern TEXT =
            Pattern.compile("suggested backoff time:? *(\\d{1,9}) *milliseconds");
    private static final Duration LONGEST = Duration.ofHours(1);

    private SuggestedBackoff() {}

    /**
     * The wait, an hour at most; null if the text has none.
     *
     * @param text in lower case
     */
    public static @Nullable Duration in(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.find()) {
            return null;
        }
        Duration asked = Duration.ofMillis(Long.parseLong(matcher.group(1)));
        return asked.compareTo(LONGEST) > 0 ? LONGEST : asked;
    }
}
