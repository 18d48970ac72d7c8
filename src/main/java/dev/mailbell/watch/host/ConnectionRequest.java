package dev.mailbell.watch.host;

import dev.mailbell.watch.schedule.CheckWait;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A place in the line of those who want a connection to a mail host. */
public final class ConnectionRequest implements CheckWait {
    private enum State {
        WAITING,
        CALLED,
        CANCELLED
    }

    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    private final Consumer<ConnectionPermit> whenCalled;
    private volatile @Nullable MailHostLimiter host;

    /**
     * @param whenCalled takes the permit over; must not block
     */
    public ConnectionRequest(Consumer<ConnectionPermit> whenCalled) {
        this.whenCalled = whenCalled;
    }

    /** A turn that completes a future. */
    static ConnectionRequest completing(CompletableFuture<ConnectionPermit> future) {
        return new ConnectionRequest(permit -> {
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
    void joined(MailHostLimiter line) {
        host = line;
    }

    /** For how many nanoseconds the line has not moved. */
    public long stillFor(long now) {
        MailHostLimiter line = host;
        return line == null ? Long.MAX_VALUE : now - line.calledAt();
    }

    /** Hands the permit over; gives it back when the turn was cancelled meanwhile. */
    void call(ConnectionPermit permit) {
        if (state.compareAndSet(State.WAITING, State.CALLED)) {
            whenCalled.accept(permit);
        } else {
            permit.release();
        }
    }
}
