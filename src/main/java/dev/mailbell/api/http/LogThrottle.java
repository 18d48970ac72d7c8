package dev.mailbell.api.http;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Admits one log line per minute of each kind, so that requests cannot fill the log. */
public final class LogThrottle {
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    /** Kinds come from the code and not from requests; the bound guards against a mistake. */
    private static final int MAX_KINDS = 200;

    private final LongSupplier nanoTime;
    private final Map<String, Window> windows = new HashMap<>();

    private record Window(long start, long suppressed) {}

    /**
     * @param nanoTime the monotonic clock
     */
    public LogThrottle(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * Asks whether a line may be logged.
     *
     * @return the number of lines of this kind suppressed since its last one; empty when this line
     *     is to be suppressed too
     */
    public synchronized OptionalLong admit(String kind) {
        long now = nanoTime.getAsLong();
        String bounded = windows.size() < MAX_KINDS || windows.containsKey(kind) ? kind : "other";
        Window window = windows.get(bounded);
        if (window != null && now - window.start < MINUTE) {
            windows.put(bounded, new Window(window.start, window.suppressed + 1));
            return OptionalLong.empty();
        }
        windows.put(bounded, new Window(now, 0));
        return OptionalLong.of(window == null ? 0 : window.suppressed);
    }
}
