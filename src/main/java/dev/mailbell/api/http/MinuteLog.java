package dev.mailbell.api.http;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Admits one line a minute of each kind, so that requests cannot fill the log. */
public final class MinuteLog {
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    /** Kinds come from the code, not from requests; the bound is against a mistake. */
    private static final int MOST_KINDS = 200;

    private final LongSupplier nanoTime;
    private final Map<String, Window> windows = new HashMap<>();

    private record Window(long begun, long leftOut) {}

    /**
     * @param nanoTime the monotonic clock
     */
    public MinuteLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * Asks for a line.
     *
     * @return how many lines of the kind were left out since its last one; empty when this one is
     *     to be left out too
     */
    public synchronized OptionalLong admit(String kind) {
        long now = nanoTime.getAsLong();
        String counted = windows.size() < MOST_KINDS || windows.containsKey(kind) ? kind : "other";
        Window window = windows.get(counted);
        if (window != null && now - window.begun < MINUTE) {
            windows.put(counted, new Window(window.begun, window.leftOut + 1));
            return OptionalLong.empty();
        }
        windows.put(counted, new Window(now, 0));
        return OptionalLong.of(window == null ? 0 : window.leftOut);
    }
}
