package dev.mailbell.delivery;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * What is owed to one webhook, as far as it is in memory: the oldest pending deliveries, one queue
 * for each mailbox. The table is the truth; a lane that is full or in doubt reads it again. A
 * delivery stays in its lane until its outcome is written, so that reading the table never brings
 * it back and the next one of its mailbox never overtakes it, not even over a crash. Safe for many
 * threads.
 */
final class Lane {
    /** Deliveries in memory at most. */
    static final int WINDOW = 512;

    private final UUID webhookId;
    private final Map<String, Deque<Delivery>> queues = new LinkedHashMap<>();
    private final Set<UUID> held = new HashSet<>();
    private final Map<String, Instant> notBefore = new HashMap<>();
    private final Set<String> busy = new HashSet<>();

    /** The table may hold deliveries that are not here. */
    private boolean behind = true;

    /** A fresh delivery was left to the table while the table was being read. */
    private boolean missed;

    /** Somebody is reading the table for this lane. */
    private boolean refilling;

    Lane(UUID webhookId) {
        this.webhookId = webhookId;
    }

    UUID webhookId() {
        return webhookId;
    }

    /**
     * Takes in a delivery that was committed just now, or leaves it to the table where order
     * demands that.
     */
    synchronized void offer(Delivery delivery) {
        if (behind || held.size() >= WINDOW) {
            behind = true;
            missed = true;
            return;
        }
        add(delivery);
    }

    /**
     * Whether the caller is to read the table now: there is room, it may hold more, and nobody is
     * at it.
     */
    synchronized boolean wantsRefill() {
        if (refilling || !behind || held.size() > WINDOW / 2) {
            return false;
        }
        refilling = true;
        missed = false;
        return true;
    }

    /** Takes in what the table holds: the oldest pending deliveries, up to {@link #WINDOW}. */
    synchronized void refill(List<Delivery> oldest) {
        for (Delivery delivery : oldest) {
            add(delivery);
        }
        behind = oldest.size() >= WINDOW || missed;
        refilling = false;
    }

    /** The table could not be read; it is tried again later. */
    synchronized void refillFailed() {
        refilling = false;
    }

    private void add(Delivery delivery) {
        if (held.add(delivery.id())) {
            queues.computeIfAbsent(delivery.queue(), queue -> new ArrayDeque<>()).add(delivery);
            if (delivery.attempts() > 0) {
                notBefore.putIfAbsent(delivery.queue(), delivery.nextAttemptAt());
            }
        }
    }

    /** Takes the deliveries that may be sent now, {@code limit} at most, one of each mailbox. */
    synchronized List<Delivery> take(Instant now, int limit) {
        List<Delivery> ready = new ArrayList<>();
        int room = limit - busy.size();
        for (Map.Entry<String, Deque<Delivery>> queue : queues.entrySet()) {
            if (ready.size() >= room) {
                break;
            }
            Instant due = notBefore.get(queue.getKey());
            if (!busy.contains(queue.getKey()) && (due == null || !due.isAfter(now))) {
                ready.add(queue.getValue().getFirst());
            }
        }
        ready.forEach(delivery -> busy.add(delivery.queue()));
        return ready;
    }

    /** The delivery's end is written: it leaves the lane, and its mailbox goes on. */
    synchronized void done(Delivery delivery) {
        String queue = delivery.queue();
        busy.remove(queue);
        notBefore.remove(queue);
        Deque<Delivery> rest = queues.get(queue);
        if (rest != null && !rest.isEmpty() && rest.getFirst().id().equals(delivery.id())) {
            rest.removeFirst();
            held.remove(delivery.id());
            // To the end of the line, so that a busy mailbox does not starve the others.
            queues.remove(queue);
            if (!rest.isEmpty()) {
                queues.put(queue, rest);
            }
        }
    }

    /** The delivery was taken but not attempted: it waits where it was. */
    synchronized void putBack(Delivery delivery) {
        busy.remove(delivery.queue());
    }

    /** The attempt failed, which is written; its mailbox waits. */
    synchronized void retry(Delivery delivery, Instant at) {
        String queue = delivery.queue();
        busy.remove(queue);
        Deque<Delivery> rest = queues.get(queue);
        if (rest != null && !rest.isEmpty() && rest.getFirst().id().equals(delivery.id())) {
            rest.removeFirst();
            rest.addFirst(delivery.attempted(at));
            notBefore.put(queue, at);
        }
    }

    /** Forgets what the lane holds but for what is under way, so that the table is read again. */
    synchronized void reset() {
        queues.entrySet()
                .removeIf(queue -> {
                    if (busy.contains(queue.getKey())) {
                        Delivery head = queue.getValue().getFirst();
                        queue.getValue().clear();
                        queue.getValue().add(head);
                        return false;
                    }
                    return true;
                });
        held.clear();
        queues.values().forEach(queue -> held.add(queue.getFirst().id()));
        notBefore.keySet().retainAll(queues.keySet());
        behind = true;
        missed = true;
    }

    /** The account was removed, and what was owed with it; what is under way ends by itself. */
    synchronized void forgetAccount(UUID accountId) {
        for (Map.Entry<String, Deque<Delivery>> queue : queues.entrySet()) {
            boolean underWay = busy.contains(queue.getKey());
            Delivery head = queue.getValue().getFirst();
            if (accountId.equals(head.accountId())) {
                queue.getValue().forEach(delivery -> held.remove(delivery.id()));
                queue.getValue().clear();
                if (underWay) {
                    queue.getValue().add(head);
                    held.add(head.id());
                }
            }
        }
        queues.values().removeIf(Deque::isEmpty);
        notBefore.keySet().retainAll(queues.keySet());
    }

    /** Whether nothing is here, nor known to be in the table. */
    synchronized boolean isIdle() {
        return held.isEmpty() && !behind;
    }
}
