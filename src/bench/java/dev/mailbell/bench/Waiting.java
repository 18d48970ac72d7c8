package dev.mailbell.bench;

import dev.mailbell.bench.daemon.BenchException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition, with a limit. */
final class Waiting {
    private static final int STEP_MILLIS = 50;

    private Waiting() {}

    /**
     * @param otherwise what is said when the time is over
     */
    static void until(int seconds, BooleanSupplier condition, Supplier<String> otherwise)
            throws InterruptedException {
        long deadline = System.nanoTime() + seconds * 1_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new BenchException("after " + seconds + " s: " + otherwise.get());
            }
            Thread.sleep(STEP_MILLIS);
        }
    }
}
