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
    private final Consumer<ConnectionPermit> whenGranted;
    private volatile @Nullable MailHostLimiter host;

    /**
     * @param whenGranted takes the permit over; must not block
     */
    public ConnectionRequest(Consumer<ConnectionPermit> whenGranted) {
        this.whenGranted = whenGranted;
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

    @Override
    public long stillFor(long now) {
        MailHostLimiter line = host;
        return line == null ? Long.MAX_VALUE : now - line.grantedAt();
    }

    /** Hands the permit over; gives it back when the turn was cancelled meanwhile. */
    void grant(ConnectionPermit permit) {
        if (state.compareAndSet(State.WAITING, State.CALLED)) {
            whenGranted.accept(permit);
        } else {
            permit.release();
        }
    }
}
