package dev.mailbell.delivery.endpoint;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Limits the POSTs under way over all webhooks to {@link #ALL}. POSTs to slow endpoints may use a
 * quarter of the permits and those of a backlog a half, so that fresh deliveries always find one. A
 * released permit is granted to a waiting queue: the kinds alternate, and within a kind the queue
 * that has waited longest is next. Safe for many threads.
 *
 * @param <Q> the queues that acquire permits, compared by identity
 */
public final class DeliveryPermits<Q> {
    /** Permits in all. */
    public static final int ALL = 2048;

    /** The share that a POST counts towards. */
    enum Kind {
        FRESH(ALL),
        BACKLOG(ALL / 2),
        SLOW(ALL / 4);

        private final int max;

        Kind(int max) {
            this.max = max;
        }
    }

    /** The permission for one POST; closing it grants it to the next queue. */
    public interface Permit extends AutoCloseable {
        @Override
        void close();
    }

    private static final List<Kind> KINDS = List.of(Kind.values());

    private static final class Share<Q> {
        int taken;

        /** Queues that found no permit. */
        final Set<Q> waiting = new LinkedHashSet<>();
    }

    private final class HeldPermit implements Permit {
        private final Kind kind;
        private boolean closed;

        HeldPermit(Kind kind) {
            this.kind = kind;
        }

        @Override
        public void close() {
            Optional<Q> next = release(this);
            while (next.isPresent()) {
                onGranted.accept(next.get());
                next = takeBack(next.get());
            }
        }
    }

    private final Consumer<Q> onGranted;
    private final Share<Q> fresh = new Share<>();
    private final Share<Q> backlog = new Share<>();
    private final Share<Q> slow = new Share<>();

    /** Queues with a permit that is reserved for them and not yet acquired. */
    private final Map<Q, Kind> granted = new HashMap<>();

    /** Index of the kind that is granted a permit first. */
    private int nextKind;

    /**
     * @param onGranted called with a queue for which a permit is reserved, by the thread that
     *     released it and without a lock; a queue that does not acquire it during the call loses it
     */
    public DeliveryPermits(Consumer<Q> onGranted) {
        this.onGranted = onGranted;
    }

    /** Acquires a permit; when there is none the queue waits for one, and the answer is empty. */
    synchronized Optional<Permit> tryAcquire(Q queue, Kind kind) {
        if (!granted.remove(queue, kind)) {
            if (!isFree(kind)) {
                share(kind).waiting.add(queue);
                return Optional.empty();
            }
            count(kind, 1);
        }
        return Optional.of(new HeldPermit(kind));
    }

    /** Gives a permit back; answers the queue that it is granted to. */
    private synchronized Optional<Q> release(HeldPermit permit) {
        if (permit.closed) {
            return Optional.empty();
        }
        permit.closed = true;
        count(permit.kind, -1);
        return grant();
    }

    /** Takes back a grant that its queue did not use; answers the next queue it is granted to. */
    private synchronized Optional<Q> takeBack(Q queue) {
        Kind kind = granted.remove(queue);
        if (kind == null) {
            return Optional.empty();
        }
        count(kind, -1);
        return grant();
    }

    /** The kinds alternate, so that no waiting kind is passed over for good. */
    private Optional<Q> grant() {
        for (int i = 0; i < KINDS.size(); i++) {
            Kind kind = KINDS.get((nextKind + i) % KINDS.size());
            Optional<Q> next =
                    share(kind).waiting.stream()
                            .filter(queue -> !granted.containsKey(queue))
                            .findFirst();
            if (next.isPresent() && isFree(kind)) {
                Q queue = next.get();
                share(kind).waiting.remove(queue);
                granted.put(queue, kind);
                count(kind, 1);
                nextKind = (nextKind + i + 1) % KINDS.size();
                return next;
            }
        }
        return Optional.empty();
    }

    private boolean isFree(Kind kind) {
        return taken() < ALL && share(kind).taken < kind.max;
    }

    private void count(Kind kind, int change) {
        share(kind).taken += change;
        notifyAll();
    }

    private Share<Q> share(Kind kind) {
        return switch (kind) {
            case FRESH -> fresh;
            case BACKLOG -> backlog;
            case SLOW -> slow;
        };
    }

    /** How many permits are acquired or granted now. */
    public synchronized int taken() {
        return fresh.taken + backlog.taken + slow.taken;
    }

    /** Waits until no permit is taken; false when the limit passes first. */
    public synchronized boolean awaitNone(long limitNanos) throws InterruptedException {
        long end = System.nanoTime() + limitNanos;
        while (taken() > 0) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }
}
