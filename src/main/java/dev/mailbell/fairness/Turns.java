package dev.mailbell.fairness;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * A queue in which the clients that wait take turns; what one client adds keeps its order. So a
 * client with ten thousand elements delays another's by one. For one thread at a time.
 *
 * @param <T> the elements; a client adds each once
 */
public final class Turns<T> {
    /** The client whose turn is next first. */
    private final SequencedMap<UUID, SequencedSet<T>> clients = new LinkedHashMap<>();

    private int size;

    /** Adds to the end of the client's elements, unless it is there already. */
    public boolean add(UUID client, T element) {
        boolean added = clients.computeIfAbsent(client, any -> new LinkedHashSet<>()).add(element);
        size += added ? 1 : 0;
        return added;
    }

    /** Takes the next element; empty when there is none. */
    public Optional<T> poll() {
        return poll(client -> true, element -> true);
    }

    /** Takes the next element of a client that may have a turn now. */
    public Optional<T> poll(Predicate<UUID> mayHaveTurn, Predicate<T> isWanted) {
        return pollTurn(mayHaveTurn, isWanted).map(Turn::element);
    }

    /**
     * An element that is taken, and its client.
     *
     * @param <T> the element
     */
    public record Turn<T>(UUID client, T element) {}

    /**
     * Takes the next element.
     *
     * @param mayHaveTurn whether a client may have a turn now; the next client has it otherwise
     * @param isWanted whether an element may be taken; the next one of the client is otherwise
     */
    public Optional<Turn<T>> pollTurn(Predicate<UUID> mayHaveTurn, Predicate<T> isWanted) {
        for (Map.Entry<UUID, SequencedSet<T>> entry : clients.entrySet()) {
            if (mayHaveTurn.test(entry.getKey())) {
                Optional<T> next = entry.getValue().stream().filter(isWanted).findFirst();
                if (next.isPresent()) {
                    UUID client = entry.getKey();
                    SequencedSet<T> elements = entry.getValue();
                    elements.remove(next.get());
                    size--;
                    clients.remove(client);
                    if (!elements.isEmpty()) {
                        clients.putLast(client, elements);
                    }
                    return Optional.of(new Turn<>(client, next.get()));
                }
            }
        }
        return Optional.empty();
    }

    public boolean remove(UUID client, T element) {
        SequencedSet<T> elements = clients.get(client);
        if (elements == null || !elements.remove(element)) {
            return false;
        }
        size--;
        if (elements.isEmpty()) {
            clients.remove(client);
        }
        return true;
    }

    /** Removes the elements at the head of each client that the condition holds for. */
    public void skipHeads(Predicate<T> condition) {
        Iterator<SequencedSet<T>> each = clients.values().iterator();
        while (each.hasNext()) {
            SequencedSet<T> elements = each.next();
            while (!elements.isEmpty() && condition.test(elements.getFirst())) {
                elements.removeFirst();
                size--;
            }
            if (elements.isEmpty()) {
                each.remove();
            }
        }
    }

    /** Removes all elements that the condition holds for. */
    public void removeIf(Predicate<T> condition) {
        Iterator<SequencedSet<T>> each = clients.values().iterator();
        while (each.hasNext()) {
            SequencedSet<T> elements = each.next();
            int before = elements.size();
            elements.removeIf(condition);
            size -= before - elements.size();
            if (elements.isEmpty()) {
                each.remove();
            }
        }
    }

    /** The clients that wait. */
    public Set<UUID> clients() {
        return Collections.unmodifiableSet(clients.keySet());
    }

    /** Takes all elements out, in the order of the turns. */
    public List<T> drain() {
        List<T> all = new ArrayList<>(size);
        for (Optional<T> next = poll(); next.isPresent(); next = poll()) {
            all.add(next.get());
        }
        return all;
    }

    public int size() {
        return size;
    }

    public boolean isEmpty() {
        return size == 0;
    }
}
