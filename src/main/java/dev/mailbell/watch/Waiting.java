package dev.mailbell.watch;

/** What an account's next check waits for. */
interface Waiting {
    boolean isWaiting();

    /** The check does not wait any more. */
    void cancel();
}
