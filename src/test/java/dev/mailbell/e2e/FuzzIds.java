package dev.mailbell.e2e;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** The ids that answers have shown, by the list that they belong to. */
final class FuzzIds {
    private static final int MAX = 200;
    private static final String NONE = "0199a3c2-7a10-7c3e-9d7e-3f1d2f1b6a55";

    private final Map<String, Deque<String>> byList = new HashMap<>();

    /**
     * @param list the path of the list, for example {@code /v1/accounts}
     */
    synchronized void add(String list, String id) {
        Deque<String> ids = byList.computeIfAbsent(list, any -> new ArrayDeque<>());
        if (!ids.contains(id)) {
            ids.addLast(id);
        }
    }

    /** Something of this id was removed. */
    synchronized void remove(String id) {
        byList.values().forEach(ids -> ids.remove(id));
    }

    /** The oldest id of a list with too many, which the caller is to remove. */
    synchronized Optional<String> surplus(String list) {
        Deque<String> ids = byList.getOrDefault(list, new ArrayDeque<>());
        return ids.size() > MAX ? Optional.of(ids.removeFirst()) : Optional.empty();
    }

    synchronized String of(String list, RandomGenerator random) {
        List<String> ids = List.copyOf(byList.getOrDefault(list, new ArrayDeque<>()));
        return ids.isEmpty() ? NONE : ids.get(random.nextInt(ids.size()));
    }

    synchronized String any(RandomGenerator random) {
        List<String> lists = List.copyOf(byList.keySet());
        return lists.isEmpty() ? NONE : of(lists.get(random.nextInt(lists.size())), random);
    }

    synchronized List<String> all(String list) {
        return List.copyOf(byList.getOrDefault(list, new ArrayDeque<>()));
    }
}
