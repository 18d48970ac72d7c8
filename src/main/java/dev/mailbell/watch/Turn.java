package dev.mailbell.watch;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** A place in the line of those who want a connection to a mail host. */
final class Turn {
    private enum State {
        WAITING,
        CALLED,
        CANCELLED
    }

    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    private final Consumer<Permit> whenCalled;

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

    boolean isWaiting() {
        return state.get() == State.WAITING;
    }

    void cancel() {
        state.compareAndSet(State.WAITING, State.CANCELLED);
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
