package dev.mailbell.watch.host;

import dev.mailbell.fairness.Turns;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * The requests that wait for a connection to one mail host. Clients take turns; the requests of a
 * client are served in their order. For one thread at a time.
 */
final class ConnectionQueue {
    /** A longer queue is cleared of cancelled requests each time its length has doubled. */
    private static final int SWEPT_FROM = 1_000;

    private final Turns<ConnectionRequest> urgent = new Turns<>();
    private final Turns<ConnectionRequest> others = new Turns<>();
    private boolean lastWasUrgent;
    private int sweptAt = SWEPT_FROM;

    void addUrgent(ConnectionRequest request) {
        add(urgent, request);
    }

    void add(ConnectionRequest request) {
        add(others, request);
    }

    private void add(Turns<ConnectionRequest> queue, ConnectionRequest request) {
        if (size() >= sweptAt) {
            urgent.removeIf(other -> !other.isWaiting());
            others.removeIf(other -> !other.isWaiting());
            sweptAt = Math.max(SWEPT_FROM, 2 * size());
        }
        queue.add(request.client(), request);
    }

    /** Drops requests that were cancelled; answers whether none is left. */
    boolean isEmptyNow() {
        urgent.skipHeads(request -> !request.isWaiting());
        others.skipHeads(request -> !request.isWaiting());
        return size() == 0;
    }

    int size() {
        return urgent.size() + others.size();
    }

    /** The clients whose requests wait. */
    Set<UUID> clients() {
        Set<UUID> clients = new HashSet<>(urgent.clients());
        clients.addAll(others.clients());
        return clients;
    }

    /**
     * Takes the next request: an urgent one first, but not two in a row while others wait.
     *
     * @param mayTake whether a client may have another connection
     */
    Optional<ConnectionRequest> poll(Predicate<UUID> mayTake) {
        Turns<ConnectionRequest> first = lastWasUrgent ? others : urgent;
        Turns<ConnectionRequest> second = lastWasUrgent ? urgent : others;
        Optional<ConnectionRequest> next = first.poll(mayTake, ConnectionRequest::isWaiting);
        boolean isOfFirst = next.isPresent();
        if (!isOfFirst) {
            next = second.poll(mayTake, ConnectionRequest::isWaiting);
        }
        if (next.isPresent()) {
            lastWasUrgent = (isOfFirst ? first : second) == urgent;
        }
        return next;
    }
}
