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
 * The deliveries of one webhook that are in memory, in a queue for each mailbox. One delivery of a
 * mailbox is under way at a time. The mailboxes take turns: when a delivery ends, its mailbox goes
 * behind the others that are ready. Not safe for many threads.
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

        /** The account was deleted: the delivery under way is not put back. */
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
     * Adds a delivery as the last of its mailbox, unless it is here.
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
            queue.waiting.add(delivery);
        }
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

    /** The account was deleted: all its deliveries but the one under way are forgotten. */
    void forgetAccount(UUID accountId) {
        for (MailboxQueue queue : queues.values()) {
            Delivery first = queue.underWay != null ? queue.underWay : queue.waiting.getFirst();
            if (accountId.equals(first.accountId())) {
                queue.waiting.forEach(delivery -> ids.remove(delivery.id()));
                queue.waiting.clear();
                queue.removed = true;
            }
        }
        ready.removeIf(queue -> queue.waiting.isEmpty());
        queues.values().removeIf(queue -> queue.underWay == null && queue.waiting.isEmpty());
    }
}
