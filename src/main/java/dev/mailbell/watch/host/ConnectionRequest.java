package dev.mailbell.watch.host;

import dev.mailbell.watch.schedule.CheckWait;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An account's request for a connection to a mail host, in the queue of that host. */
public final class ConnectionRequest implements CheckWait {
    private enum State {
        WAITING,
        GRANTED,
        CANCELLED
    }

    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
    private final UUID client;
    private final Consumer<ConnectionPermit> whenGranted;
    private final Runnable whenCancelled;
    private volatile @Nullable MailHostLimiter host;

    /**
     * @param client whose account it is
     * @param whenGranted takes the permit over; must not block
     */
    public ConnectionRequest(UUID client, Consumer<ConnectionPermit> whenGranted) {
        this(client, whenGranted, () -> {});
    }

    /**
     * @param whenCancelled must not block
     */
    ConnectionRequest(UUID client, Consumer<ConnectionPermit> whenGranted, Runnable whenCancelled) {
        this.client = client;
        this.whenGranted = whenGranted;
        this.whenCancelled = whenCancelled;
    }

    UUID client() {
        return client;
    }

    @Override
    public boolean isWaiting() {
        return state.get() == State.WAITING;
    }

    @Override
    public void cancel() {
        if (state.compareAndSet(State.WAITING, State.CANCELLED)) {
            whenCancelled.run();
        }
    }

    /** The request waits in the queue of this host. */
    void queuedAt(MailHostLimiter limiter) {
        host = limiter;
    }

    @Override
    public long stillFor(long now) {
        MailHostLimiter limiter = host;
        return limiter == null ? Long.MAX_VALUE : now - limiter.grantedAt();
    }

    /** Grants the permit; releases it when the request was cancelled meanwhile. */
    void grant(ConnectionPermit permit) {
        if (state.compareAndSet(State.WAITING, State.GRANTED)) {
            whenGranted.accept(permit);
        } else {
            permit.release();
        }
    }
}
