package dev.mailbell.network.address;

import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One lookup of a name, with the callers that wait for it. */
final class PendingLookup {
    private final String name;
    private final UUID client;
    private final LookupCache.LastResult lastResult;
    private final CompletableFuture<List<InetAddress>> answer = new CompletableFuture<>();
    private volatile Deadline latestDeadline;
    private volatile long begunAt;

    /**
     * @param client the one that asked for it first
     */
    PendingLookup(String name, UUID client, LookupCache.LastResult lastResult, Deadline deadline) {
        this.name = name;
        this.client = client;
        this.lastResult = lastResult;
        this.latestDeadline = deadline;
    }

    String name() {
        return name;
    }

    UUID client() {
        return client;
    }

    /** How the previous lookup of the name ended, when this one was requested. */
    LookupCache.LastResult lastResult() {
        return lastResult;
    }

    /** Another caller waits for it, until this deadline. */
    void extend(Deadline deadline) {
        if (deadline.remainingNanos() > latestDeadline.remainingNanos()) {
            latestDeadline = deadline;
        }
    }

    /** Whether the deadlines of all callers have passed. */
    boolean isAbandoned() {
        return latestDeadline.isPast();
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

    /** Fails a lookup that never began. */
    void giveUp() {
        fail(timedOut());
    }

    SocketTimeoutException timedOut() {
        return new SocketTimeoutException(
                "no name server answered in time for host \"" + name + "\"");
    }

    /** Waits until the deadline at most; returns whether the lookup has ended. */
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

    /** The addresses that an ended lookup found. */
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
