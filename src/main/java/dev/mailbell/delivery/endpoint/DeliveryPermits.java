package dev.mailbell.delivery.endpoint;

import dev.mailbell.fairness.KnownClients;
import dev.mailbell.fairness.Shares;
import dev.mailbell.fairness.Turns;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Limits the POSTs under way over all webhooks to {@link #ALL}. POSTs to slow endpoints may use a
 * quarter of the permits and those of a backlog a half, so that fresh deliveries always find one. A
 * released permit is granted to a waiting queue: the kinds alternate, within a kind the clients do,
 * and of a client the queue that has waited longest is next. Clients share the permits of each kind
 * and all of them. Safe for many threads.
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

    private static final class KindShare<Q> {
        final Shares taken;

        /** Queues that found no permit. */
        final Turns<Q> waiting = new Turns<>();

        KindShare(Kind kind, KnownClients known) {
            taken = new Shares(kind.max, known);
        }
    }

    /** A permit that is reserved for a queue of the client. */
    private record Grant(UUID client, Kind kind) {}

    private final class HeldPermit implements Permit {
        private final UUID client;
        private final Kind kind;
        private boolean closed;

        HeldPermit(UUID client, Kind kind) {
            this.client = client;
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
    private final KnownClients known = new KnownClients();
    private final Shares all = new Shares(ALL, known);
    private final KindShare<Q> fresh = new KindShare<>(Kind.FRESH, known);
    private final KindShare<Q> backlog = new KindShare<>(Kind.BACKLOG, known);
    private final KindShare<Q> slow = new KindShare<>(Kind.SLOW, known);

    /** Queues with a permit that is reserved for them and not yet acquired. */
    private final Map<Q, Grant> granted = new HashMap<>();

    /** Index of the kind that is granted a permit first. */
    private int nextKind;

    /**
     * @param onGranted called with a queue for which a permit is reserved, by the thread that
     *     released it and without a lock; a queue that does not acquire it during the call loses it
     */
    public DeliveryPermits(Consumer<Q> onGranted) {
        this.onGranted = onGranted;
    }

    /** Notes that there is this client, whose webhooks may want permits. */
    public void notice(UUID client) {
        known.add(client);
    }

    /** Acquires a permit; when there is none the queue waits for one, and the answer is empty. */
    synchronized Optional<Permit> tryAcquire(UUID client, Q queue, Kind kind) {
        known.add(client);
        if (!granted.remove(queue, new Grant(client, kind))) {
            if (!isFree(client, kind)) {
                share(kind).waiting.add(client, queue);
                return Optional.empty();
            }
            count(client, kind, 1);
        }
        return Optional.of(new HeldPermit(client, kind));
    }

    /** Gives a permit back; answers the queue that it is granted to. */
    private synchronized Optional<Q> release(HeldPermit permit) {
        if (permit.closed) {
            return Optional.empty();
        }
        permit.closed = true;
        count(permit.client, permit.kind, -1);
        return grant();
    }

    /** Takes back a grant that its queue did not use; answers the next queue it is granted to. */
    private synchronized Optional<Q> takeBack(Q queue) {
        Grant unused = granted.remove(queue);
        if (unused == null) {
            return Optional.empty();
        }
        count(unused.client(), unused.kind(), -1);
        return grant();
    }

    /** The kinds alternate, so that no waiting kind is passed over for good. */
    private Optional<Q> grant() {
        for (int i = 0; i < KINDS.size() && all.taken() < ALL; i++) {
            Kind kind = KINDS.get((nextKind + i) % KINDS.size());
            Optional<Turns.Turn<Q>> next =
                    share(kind)
                            .waiting
                            .pollTurn(
                                    client -> isFree(client, kind),
                                    queue -> !granted.containsKey(queue));
            if (next.isPresent()) {
                UUID client = next.get().client();
                Q queue = next.get().element();
                granted.put(queue, new Grant(client, kind));
                count(client, kind, 1);
                nextKind = (nextKind + i + 1) % KINDS.size();
                return Optional.of(queue);
            }
        }
        return Optional.empty();
    }

    private boolean isFree(UUID client, Kind kind) {
        return all.mayTake(client) && share(kind).taken.mayTake(client);
    }

    private void count(UUID client, Kind kind, int change) {
        all.add(client, change);
        share(kind).taken.add(client, change);
        notifyAll();
    }

    private KindShare<Q> share(Kind kind) {
        return switch (kind) {
            case FRESH -> fresh;
            case BACKLOG -> backlog;
            case SLOW -> slow;
        };
    }

    /** How many permits are acquired or granted now. */
    public synchronized int taken() {
        return all.taken();
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
