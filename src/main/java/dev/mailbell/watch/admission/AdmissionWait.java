package dev.mailbell.watch.admission;

import dev.mailbell.network.Deadline;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A thread that waits for the answer to its request for a permit. */
final class AdmissionWait implements AdmissionRequest.Answer {
    private final CompletableFuture<CheckPermit> permit = new CompletableFuture<>();

    @Override
    public void granted(CheckPermit given) {
        if (!permit.complete(given)) {
            given.close();
        }
    }

    @Override
    public void refused(RuntimeException why) {
        permit.completeExceptionally(why);
    }

    @Override
    public void cancelled() {
        permit.completeExceptionally(new NotWatchedException());
    }

    /**
     * Waits.
     *
     * @return empty when the deadline passed first: the request is cancelled
     * @throws NotWatchedException when another thread cancels the request, or the thread was
     *     interrupted, because the node is stopping
     */
    Optional<CheckPermit> until(Deadline deadline, AdmissionRequest request) {
        try {
            return Optional.of(permit.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS));
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException refused
                    ? refused
                    : new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            giveUp(request);
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            giveUp(request);
            throw new NotWatchedException();
        }
    }

    private void giveUp(AdmissionRequest request) {
        request.cancel();
        if (!permit.cancel(false) && !permit.isCompletedExceptionally()) {
            permit.join().close();
        }
    }
}
