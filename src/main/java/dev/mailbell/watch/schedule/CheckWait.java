package dev.mailbell.watch.schedule;

/** What an account's next check waits for. */
public interface CheckWait {
    boolean isWaiting();

    /**
     * For how many nanoseconds the queue in which it waits has not moved; the maximum where the
     * queue does not matter.
     *
     * @param now the monotonic clock's nanoseconds
     */
    default long stillFor(long now) {
        return Long.MAX_VALUE;
    }

    /** The check does not wait any more. */
    void cancel();
}
