package dev.mailbell.watch;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A place in the line of those who want a connection to a mail host. */
final class Turn implements Waiting {
    private enum State {
        WAITING,
        CALLED,
        CANCELLED
    }

    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    private final Consumer<Permit> whenCalled;
    private volatile @Nullable MailHost host;

    /**
     * @param whenCalled takes the permit over; must not block
     */
    Turn(Consumer<Permit> whenCalled) {
        this.whenCalled = whenCalled;
    }

    /** A turn that completes a future. */
    static Turn completing(CompletableFuture<Permit> future) {
        return new Turn(permit -> {
            if (!future.complete(permit)) {
                permit.release();
            }
        });
    }

    @Override
    public boolean isWaiting() {
        return state.get() == State.WAITING;
    }

    @Override
    public void cancel() {
        state.compareAndSet(State.WAITING, State.CANCELLED);
    }

    /** It waits in this host's line. */
    void joined(MailHost line) {
        host = line;
    }

    /** For how many nanoseconds the line has not moved. */
    long stillFor(long now) {
        MailHost line = host;
        return line == null ? Long.MAX_VALUE : now - line.calledAt();
    }

    /** Hands the permit over; gives it back when the turn was cancelled meanwhile. */
    void call(Permit permit) {
        if (state.compareAndSet(State.WAITING, State.CALLED)) {
            whenCalled.accept(permit);
        } else {
            permit.release();
        }
    }
}
