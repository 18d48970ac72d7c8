package dev.mailbell.delivery.queue;

import dev.mailbell.delivery.outbox.Delivery;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The deliveries of one webhook that are in memory: a queue for each mailbox, of which one delivery
 * at a time is under way. A mailbox whose delivery ends goes behind the others that are ready. Not
 * safe for many threads.
 */
final class MailboxQueues {
    private final Map<String, Queue> queues = new HashMap<>();
    private final Deque<Queue> ready = new ArrayDeque<>();
    private final Set<UUID> held = new HashSet<>();

    /** The deliveries of one mailbox; in {@link #ready} when it has some and none is under way. */
    private static final class Queue {
        final Deque<Delivery> waiting = new ArrayDeque<>();
        @Nullable Delivery underWay;

        /** The table holds more of this mailbox. */
        boolean followed;

        /** The account was removed: what is under way ends, and is not sent again. */
        boolean removed;
    }

    /** Whether the delivery waits or is under way. */
    boolean contains(UUID id) {
        return held.contains(id);
    }

    /** How many deliveries wait or are under way. */
    int size() {
        return held.size();
    }

    /** Whether a mailbox has a delivery and none under way. */
    boolean hasReady() {
        return !ready.isEmpty();
    }

    boolean hasNoneUnderWay() {
        return queues.values().stream().allMatch(queue -> queue.underWay == null);
    }

    /** The table holds a delivery that stands behind those of its mailbox, if some are here. */
    void follow(String mailbox) {
        Queue queue = queues.get(mailbox);
        if (queue != null) {
            queue.followed = true;
        }
    }

    /**
     * Takes a delivery in behind those of its mailbox, unless it is here.
     *
     * @param followed whether the table holds more of its mailbox
     */
    void add(Delivery delivery, boolean followed) {
        Queue queue = queues.computeIfAbsent(delivery.queue(), mailbox -> new Queue());
        queue.followed |= followed;
        if (held.add(delivery.id())) {
            if (queue.waiting.isEmpty() && queue.underWay == null) {
                ready.add(queue);
            }
            queue.waiting.add(delivery);
        }
    }

    /** The delivery that is to be sent next; there must be a ready one. */
    Delivery next() {
        return ready.getFirst().waiting.getFirst();
    }

    /** The next delivery is under way from now on. */
    void begin() {
        Queue queue = ready.removeFirst();
        queue.underWay = queue.waiting.removeFirst();
    }

    /**
     * What was under way has ended, and its mailbox goes on.
     *
     * @return whether the table holds more of the mailbox
     */
    boolean end(Delivery delivery) {
        Queue queue = leave(delivery);
        if (queue == null) {
            return false;
        }
        boolean followed = queue.followed;
        queue.followed = false;
        goOn(delivery.queue(), queue);
        return followed;
    }

    /** What was under way waits in the table, and with it all of its mailbox. */
    void drop(Delivery delivery) {
        Queue queue = leave(delivery);
        if (queue != null) {
            queue.waiting.forEach(waiting -> held.remove(waiting.id()));
            queues.remove(delivery.queue());
        }
    }

    /**
     * What was under way was not sent: it stands first in its mailbox again.
     *
     * @return false when the mailbox is not here any more
     */
    boolean putBack(Delivery delivery) {
        Queue queue = leave(delivery);
        if (queue == null) {
            return false;
        }
        if (!queue.removed) {
            held.add(delivery.id());
            queue.waiting.addFirst(delivery);
        }
        goOn(delivery.queue(), queue);
        return true;
    }

    private @Nullable Queue leave(Delivery delivery) {
        held.remove(delivery.id());
        Queue queue = queues.get(delivery.queue());
        if (queue == null || queue.underWay == null || !queue.underWay.id().equals(delivery.id())) {
            return null;
        }
        queue.underWay = null;
        return queue;
    }

    private void goOn(String mailbox, Queue queue) {
        if (queue.waiting.isEmpty()) {
            queues.remove(mailbox);
        } else {
            // Behind the others, so that a busy mailbox does not starve them.
            ready.add(queue);
        }
    }

    /** Forgets all but what is under way, behind which the table may hold more. */
    void clear() {
        ready.clear();
        held.clear();
        queues.values().removeIf(queue -> queue.underWay == null);
        for (Queue queue : queues.values()) {
            queue.waiting.clear();
            queue.followed = true;
            if (queue.underWay != null) {
                held.add(queue.underWay.id());
            }
        }
    }

    /** The account was removed: what is under way ends, and the rest is forgotten. */
    void forgetAccount(UUID accountId) {
        for (Queue queue : queues.values()) {
            Delivery any = queue.underWay != null ? queue.underWay : queue.waiting.getFirst();
            if (accountId.equals(any.accountId())) {
                queue.waiting.forEach(delivery -> held.remove(delivery.id()));
                queue.waiting.clear();
                queue.removed = true;
            }
        }
        ready.removeIf(queue -> queue.waiting.isEmpty());
        queues.values().removeIf(queue -> queue.underWay == null && queue.waiting.isEmpty());
    }
}
