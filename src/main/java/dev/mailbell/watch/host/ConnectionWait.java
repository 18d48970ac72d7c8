package dev.mailbell.watch.host;

import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.NotWatchedException;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A thread that waits for a connection. */
final class ConnectionWait {
    private final CompletableFuture<ConnectionPermit> permit = new CompletableFuture<>();
    private final ConnectionRequest request;

    /**
     * @param client whose account it is
     */
    ConnectionWait(UUID client) {
        request =
                new ConnectionRequest(
                        client,
                        this::granted,
                        () -> permit.completeExceptionally(new NotWatchedException()));
    }

    private void granted(ConnectionPermit given) {
        if (!permit.complete(given)) {
            given.release();
        }
    }

    ConnectionRequest request() {
        return request;
    }

    /**
     * Waits.
     *
     * @return empty when the deadline passed first, or the thread was interrupted: the request is
     *     cancelled
     * @throws NotWatchedException when another thread cancels the request
     */
    Optional<ConnectionPermit> until(Deadline deadline) {
        try {
            return Optional.of(permit.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS));
        } catch (ExecutionException cancelled) {
            throw new NotWatchedException();
        } catch (TimeoutException late) {
            giveUp();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            giveUp();
        }
        return Optional.empty();
    }

    private void giveUp() {
        request.cancel();
        if (!permit.cancel(false) && !permit.isCompletedExceptionally()) {
            permit.join().release();
        }
    }
}
