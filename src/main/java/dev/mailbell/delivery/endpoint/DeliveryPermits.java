package dev.mailbell.delivery.endpoint;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How many POSTs are under way over all webhooks. Those to slow receivers may have a quarter of the
 * slots and those of a backlog a half, so that however many hang and however much is owed, what is
 * fresh finds room. A slot that comes free is granted: the kinds take turns, and of one kind the
 * lane that waits longest is next. Safe for many threads.
 *
 * @param <Q> the queues that take permits, known by their identity
 */
public final class DeliveryPermits<Q> {
    public static final int ALL = 2048;

    /** What a POST is counted among. */
    public enum Kind {
        FRESH(ALL),
        BACKLOG(ALL / 2),
        SLOW(ALL / 4);

        private final int most;

        Kind(int most) {
            this.most = most;
        }
    }

    private static final List<Kind> KINDS = List.of(Kind.values());

    private final class Share {
        int taken;

        /** Lanes that found no slot. */
        final Set<Q> waiting = new LinkedHashSet<>();
    }

    private final Share fresh = new Share();
    private final Share backlog = new Share();
    private final Share slow = new Share();

    /** Lanes with a slot that is taken for them and not yet used. */
    private final Map<Q, Kind> granted = new HashMap<>();

    private int turn;

    /** Takes a slot, or notes that the lane wants one. */
    synchronized boolean take(Q lane, Kind kind) {
        if (granted.remove(lane, kind)) {
            return true;
        }
        if (!isFree(kind)) {
            share(kind).waiting.add(lane);
            return false;
        }
        count(kind, 1);
        return true;
    }

    /**
     * Gives a slot back.
     *
     * @return the lane that it is granted to now, which is to look for work; afterwards {@link
     *     #unused} must be asked
     */
    public synchronized Optional<Q> release(Kind kind) {
        count(kind, -1);
        return grant();
    }

    /**
     * Takes back a grant that its lane had no use for.
     *
     * @return the lane that it is granted to now
     */
    public synchronized Optional<Q> unused(Q lane) {
        Kind kind = granted.remove(lane);
        return kind == null ? Optional.empty() : release(kind);
    }

    /** The kinds take turns: none that waits is passed over for good. */
    private Optional<Q> grant() {
        for (int i = 0; i < KINDS.size(); i++) {
            Kind kind = KINDS.get((turn + i) % KINDS.size());
            Optional<Q> next =
                    share(kind).waiting.stream()
                            .filter(lane -> !granted.containsKey(lane))
                            .findFirst();
            if (next.isPresent() && isFree(kind)) {
                Q lane = next.get();
                share(kind).waiting.remove(lane);
                granted.put(lane, kind);
                count(kind, 1);
                turn = (turn + i + 1) % KINDS.size();
                return next;
            }
        }
        return Optional.empty();
    }

    private boolean isFree(Kind kind) {
        return taken() < ALL && share(kind).taken < kind.most;
    }

    private void count(Kind kind, int change) {
        share(kind).taken += change;
        notifyAll();
    }

    private Share share(Kind kind) {
        return switch (kind) {
            case FRESH -> fresh;
            case BACKLOG -> backlog;
            case SLOW -> slow;
        };
    }

    /** How many are taken now. */
    public synchronized int taken() {
        return fresh.taken + backlog.taken + slow.taken;
    }

    /** Waits until none is taken; false when that took longer than the limit. */
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
