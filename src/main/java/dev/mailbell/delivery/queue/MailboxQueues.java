package dev.mailbell.delivery.queue;

import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.event.Ids;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The deliveries of one webhook that are in memory, in a queue for each mailbox. One delivery of a
 * mailbox is under way at a time. The mailboxes take turns: when a delivery ends, its mailbox goes
 * behind the others that are ready. Deliveries are merged in the table only, by {@link
 * dev.mailbell.delivery.outbox.MergingEventWriter}. Not safe for many threads.
 */
final class MailboxQueues {
    private final Map<String, MailboxQueue> queues = new HashMap<>();
    private final Deque<MailboxQueue> ready = new ArrayDeque<>();

    /** The ids of all deliveries that wait or are under way. */
    private final Set<UUID> ids = new HashSet<>();

    /** The deliveries of one mailbox; in {@link #ready} when it has some and none is under way. */
    private static final class MailboxQueue {
        final Deque<Delivery> waiting = new ArrayDeque<>();
        @Nullable Delivery underWay;

        /** The table holds later deliveries of this mailbox. */
        boolean hasSuccessor;

        /** The mailbox is forgotten: the delivery under way is not put back. */
        boolean removed;
    }

    /** Whether the delivery waits or is under way. */
    boolean contains(UUID id) {
        return ids.contains(id);
    }

    /** How many deliveries wait or are under way. */
    int size() {
        return ids.size();
    }

    /** Whether a mailbox has a delivery and none under way. */
    boolean hasReady() {
        return !ready.isEmpty();
    }

    boolean hasNoneUnderWay() {
        return queues.values().stream().allMatch(queue -> queue.underWay == null);
    }

    /**
     * The table holds a later delivery of this mailbox; without effect when no delivery is here.
     */
    void markSuccessor(String mailbox) {
        MailboxQueue queue = queues.get(mailbox);
        if (queue != null) {
            queue.hasSuccessor = true;
        }
    }

    /**
     * Adds a delivery to its mailbox, unless it is here, in the order of the ids: an older one that
     * is to be sent again comes before those that wait.
     *
     * @param hasSuccessor whether the table holds later deliveries of the mailbox
     */
    void add(Delivery delivery, boolean hasSuccessor) {
        MailboxQueue queue =
                queues.computeIfAbsent(delivery.mailboxKey(), mailbox -> new MailboxQueue());
        queue.hasSuccessor |= hasSuccessor;
        if (ids.add(delivery.id())) {
            if (queue.waiting.isEmpty() && queue.underWay == null) {
                ready.add(queue);
            }
            insert(queue.waiting, delivery);
        }
    }

    private static void insert(Deque<Delivery> waiting, Delivery delivery) {
        if (waiting.isEmpty() || Ids.compare(delivery.id(), waiting.getLast().id()) > 0) {
            waiting.add(delivery);
            return;
        }
        Deque<Delivery> later = new ArrayDeque<>();
        while (!waiting.isEmpty() && Ids.compare(waiting.getLast().id(), delivery.id()) > 0) {
            later.addFirst(waiting.removeLast());
        }
        waiting.add(delivery);
        waiting.addAll(later);
    }

    /** The delivery to send next; call only when {@link #hasReady}. */
    Delivery next() {
        return ready.getFirst().waiting.getFirst();
    }

    /** Marks the {@linkplain #next next} delivery as under way. */
    void begin() {
        MailboxQueue queue = ready.removeFirst();
        queue.underWay = queue.waiting.removeFirst();
    }

    /**
     * The delivery under way has ended, and its mailbox goes on.
     *
     * @return whether the table holds later deliveries of the mailbox
     */
    boolean end(Delivery delivery) {
        MailboxQueue queue = leave(delivery);
        if (queue == null) {
            return false;
        }
        boolean hasSuccessor = queue.hasSuccessor;
        queue.hasSuccessor = false;
        makeReady(delivery.mailboxKey(), queue);
        return hasSuccessor;
    }

    /** Forgets the mailbox of the {@linkplain #next next} delivery; it waits in the table. */
    void dropNext() {
        MailboxQueue queue = ready.removeFirst();
        queues.remove(queue.waiting.getFirst().mailboxKey());
        queue.waiting.forEach(delivery -> ids.remove(delivery.id()));
    }

    /** The delivery under way is to be retried: all of its mailbox waits in the table. */
    void drop(Delivery delivery) {
        MailboxQueue queue = leave(delivery);
        if (queue != null) {
            queue.waiting.forEach(waiting -> ids.remove(waiting.id()));
            queues.remove(delivery.mailboxKey());
        }
    }

    /**
     * The delivery under way was not sent: it is the first of its mailbox again.
     *
     * @return false when the queue of the mailbox is gone
     */
    boolean putBack(Delivery delivery) {
        MailboxQueue queue = leave(delivery);
        if (queue == null) {
            return false;
        }
        if (!queue.removed) {
            ids.add(delivery.id());
            queue.waiting.addFirst(delivery);
        }
        makeReady(delivery.mailboxKey(), queue);
        return true;
    }

    private @Nullable MailboxQueue leave(Delivery delivery) {
        ids.remove(delivery.id());
        MailboxQueue queue = queues.get(delivery.mailboxKey());
        if (queue == null || queue.underWay == null || !queue.underWay.id().equals(delivery.id())) {
            return null;
        }
        queue.underWay = null;
        return queue;
    }

    private void makeReady(String mailbox, MailboxQueue queue) {
        if (queue.waiting.isEmpty()) {
            queues.remove(mailbox);
        } else {
            // As the last, so that a busy mailbox does not starve the others.
            ready.add(queue);
        }
    }

    /**
     * Forgets all but the deliveries under way; the table may hold later ones of their mailboxes.
     */
    void clear() {
        ready.clear();
        ids.clear();
        queues.values().removeIf(queue -> queue.underWay == null);
        for (MailboxQueue queue : queues.values()) {
            queue.waiting.clear();
            queue.hasSuccessor = true;
            if (queue.underWay != null) {
                ids.add(queue.underWay.id());
            }
        }
    }

    /** Whether a delivery of these shards is under way. */
    boolean hasUnderWay(Set<Integer> shards) {
        return queues.values().stream()
                .anyMatch(
                        queue -> queue.underWay != null && shards.contains(queue.underWay.shard()));
    }

    /** Forgets the mailboxes with such deliveries, but for those under way. */
    void forget(Predicate<Delivery> such) {
        if (ids.isEmpty()) {
            return;
        }
        for (MailboxQueue queue : queues.values()) {
            Delivery first = queue.underWay != null ? queue.underWay : queue.waiting.getFirst();
            if (such.test(first)) {
                queue.waiting.forEach(delivery -> ids.remove(delivery.id()));
                queue.waiting.clear();
                queue.removed = true;
            }
        }
        ready.removeIf(queue -> queue.waiting.isEmpty());
        queues.values().removeIf(queue -> queue.underWay == null && queue.waiting.isEmpty());
    }
}
