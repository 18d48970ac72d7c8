package dev.mailbell.watch.schedule;

/** What an account's next check waits for. */
public interface CheckWait {
    boolean isWaiting();

    /** The check does not wait any more. */
    void cancel();
}
