package dev.mailbell.api.request;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.network.Deadline;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Bounds the memory of all requests with bodies. A request takes as many bytes as its body may have
 * before it reads it, and returns them when it is answered. One owner has half of the bytes at
 * most, so that its slow or many requests do not keep others waiting. Requests wait in line for a
 * while when there are too few bytes left.
 */
public final class BodyBudget {
    private static final String ATTRIBUTE = "mailbell.bodies";
    private static final String OWNER = "mailbell.bodies.owner";
    private static final String RESERVATION = "mailbell.bodies.reservation";

    /** The parsed body, the values read from it, and the answer take up to this times its bytes. */
    private static final int COST = 32;

    private static final Duration WAIT = Duration.ofSeconds(5);

    /** The connection's idle timeout bounds a single read; this bounds a body that trickles in. */
    private static final Duration ARRIVAL = Duration.ofSeconds(30);

    /** Requests that wait at most: of all owners, and of one. */
    private static final int MAX_WAITING = 1_000;

    private static final int MAX_WAITING_OF_ONE = 100;

    private final long total;
    private final Duration wait;
    private final Duration arrival;
    private final Map<Object, Long> byOwner = new HashMap<>();
    private final Deque<Waiting> line = new ArrayDeque<>();
    private long used;

    private record Waiting(Object owner, long bytes, CompletableFuture<Reservation> granted) {}

    /** Bytes that a request has taken. */
    static final class Reservation {
        private final Object owner;
        private long bytes;

        Reservation(Object owner, long bytes) {
            this.owner = owner;
            this.bytes = bytes;
        }
    }

    /**
     * @param total the bytes of all bodies at a time, at least those of two
     * @param wait how long a request waits for bytes
     * @param arrival from the begin of a body's reading to its end
     */
    public BodyBudget(long total, Duration wait, Duration arrival) {
        this.total = Math.max(2L * Body.MAX_BYTES, total);
        this.wait = wait;
        this.arrival = arrival;
    }

    /** A share of the heap such that what bodies become takes no more than half of it. */
    public static BodyBudget ofHeap() {
        return new BodyBudget(Runtime.getRuntime().maxMemory() / 2 / COST, WAIT, ARRIVAL);
    }

    /** Makes this budget count for the request. */
    public void attachTo(Context context) {
        context.attribute(ATTRIBUTE, this);
    }

    /** Names the owner of the request's body, in place of its connection's address. */
    public static void ownedBy(Object owner, Context context) {
        context.attribute(OWNER, owner);
    }

    /**
     * Takes the bytes of the request's body, as far as its headers tell.
     *
     * @throws ProblemException 503 when there were none for a while
     */
    static void take(Context context, long contentLength) {
        BodyBudget budget = context.attribute(ATTRIBUTE);
        if (budget == null || contentLength == 0) {
            return;
        }
        Object owner = context.attribute(OWNER);
        long bytes = contentLength < 0 ? Body.MAX_BYTES : Math.min(contentLength, Body.MAX_BYTES);
        context.attribute(
                RESERVATION,
                budget.reserve(owner == null ? context.req().getRemoteAddr() : owner, bytes));
    }

    /** By when the request's body, whose reading begins now, must have arrived. */
    static Deadline arrival(Context context) {
        BodyBudget budget = context.attribute(ATTRIBUTE);
        return Deadline.after(budget == null ? ARRIVAL : budget.arrival);
    }

    /** Returns what is not needed once the body has arrived. */
    static void keep(Context context, long bytes) {
        Reservation reservation = context.attribute(RESERVATION);
        BodyBudget budget = context.attribute(ATTRIBUTE);
        if (reservation != null && budget != null) {
            budget.reduce(reservation, bytes);
        }
    }

    /** Returns everything; called when the request is answered, and without harm twice. */
    public static void release(Context context) {
        keep(context, 0);
    }

    Reservation reserve(Object owner, long bytes) {
        Waiting waiting = new Waiting(owner, bytes, new CompletableFuture<>());
        synchronized (this) {
            line.addLast(waiting);
            grant();
            if (!waiting.granted().isDone() && isTooLong(owner)) {
                line.remove(waiting);
                throw busy();
            }
        }
        try {
            return waiting.granted().get(wait.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return giveUp(waiting);
        } catch (InterruptedException e) {
            try {
                // It may have been granted just before the interrupt.
                reduce(giveUp(waiting), 0);
            } finally {
                Thread.currentThread().interrupt();
            }
            throw busy();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a reservation is granted or not", e);
        }
    }

    private boolean isTooLong(Object owner) {
        return line.size() > MAX_WAITING
                || line.stream().filter(other -> other.owner().equals(owner)).count()
                        > MAX_WAITING_OF_ONE;
    }

    private synchronized Reservation giveUp(Waiting waiting) {
        if (!line.remove(waiting)) {
            return waiting.granted().join();
        }
        // Those behind it may fit.
        grant();
        throw busy();
    }

    /**
     * Grants what fits, in the order of the line. A request whose owner has its share already does
     * not keep others from theirs; one that is too large for what is left does, or it would never
     * be its turn.
     */
    private void grant() {
        Iterator<Waiting> all = line.iterator();
        while (all.hasNext()) {
            Waiting next = all.next();
            long owned = byOwner.getOrDefault(next.owner(), 0L);
            if (owned + next.bytes() > total / 2) {
                continue;
            }
            if (used + next.bytes() > total) {
                return;
            }
            all.remove();
            used += next.bytes();
            byOwner.put(next.owner(), owned + next.bytes());
            next.granted().complete(new Reservation(next.owner(), next.bytes()));
        }
    }

    synchronized void reduce(Reservation reservation, long bytes) {
        long surplus = reservation.bytes - bytes;
        if (surplus <= 0) {
            return;
        }
        reservation.bytes = bytes;
        used -= surplus;
        byOwner.computeIfPresent(
                reservation.owner, (owner, owned) -> owned > surplus ? owned - surplus : null);
        grant();
    }

    synchronized int waiting() {
        return line.size();
    }

    synchronized long used() {
        return used;
    }

    private static ProblemException busy() {
        return new ProblemException(
                Problem.unavailable(
                        "too many large requests are under way; try again in a moment"));
    }
}
