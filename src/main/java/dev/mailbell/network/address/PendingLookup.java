package dev.mailbell.network.address;

import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One lookup of a name, with the callers that wait for it. */
final class PendingLookup {
    private final String name;
    private final LookupCache.Standing standing;
    private final CompletableFuture<List<InetAddress>> answer = new CompletableFuture<>();
    private volatile Deadline latest;
    private volatile long begunAt;

    PendingLookup(String name, LookupCache.Standing standing, Deadline deadline) {
        this.name = name;
        this.standing = standing;
        this.latest = deadline;
    }

    String name() {
        return name;
    }

    /** What was known of the name when the lookup was asked for. */
    LookupCache.Standing standing() {
        return standing;
    }

    /** One more caller waits for it. */
    void extend(Deadline deadline) {
        if (deadline.remainingNanos() > latest.remainingNanos()) {
            latest = deadline;
        }
    }

    /** Whether no caller waits any more. */
    boolean isAbandoned() {
        return latest.isPast();
    }

    void begin(long now) {
        begunAt = now;
    }

    long begunAt() {
        return begunAt;
    }

    void complete(List<InetAddress> found) {
        answer.complete(found);
    }

    void fail(Throwable failure) {
        answer.completeExceptionally(failure);
    }

    /** The lookup was never begun. */
    void giveUp() {
        fail(timedOut());
    }

    SocketTimeoutException timedOut() {
        return new SocketTimeoutException(
                "no name server answered in time for host \"" + name + "\"");
    }

    /** Waits; answers whether the lookup has ended. */
    boolean isDone(Deadline deadline) throws InterruptedIOException {
        try {
            answer.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException notYet) {
            return false;
        } catch (ExecutionException failed) {
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while looking up \"" + name + "\"");
        }
    }

    /** What came of a lookup that has ended. */
    List<InetAddress> answer() throws IOException {
        Throwable failure = answer.isCompletedExceptionally() ? answer.exceptionNow() : null;
        if (failure == null) {
            return answer.resultNow();
        }
        if (failure instanceof SocketTimeoutException) {
            throw timedOut();
        }
        UnknownHostException unknown =
                new UnknownHostException("no address is known for host \"" + name + "\"");
        unknown.initCause(failure);
        throw unknown;
    }
}
