package dev.mailbell.delivery.log;

import dev.mailbell.event.Ids;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Deliveries of many lists in one order, the newest first. Each list begins with few rows, and gets
 * twice as many whenever it is used up: so about as many rows are read as are answered, however
 * they are spread over the lists. It ends where the rows that it may read are used up.
 */
final class DeliveryLists {
    /** Rows that one statement reads, at most; the first one reads one of each list at least. */
    private static final int AT_ONCE = 1_000;

    /**
     * Rows of a list that one statement reads, at most: for more the planner takes an index that
     * has them in no order, and reads whole days.
     */
    private static final int OF_A_LIST = 64;

    private final Reader reader;
    private final int most;
    private final PriorityQueue<ListRows> lists =
            new PriorityQueue<>(Comparator.comparing(ListRows::head, (a, b) -> Ids.compare(b, a)));
    private int read;
    private boolean spent;

    /** A list: an index has its deliveries by their ids. */
    record ListKey(UUID webhook, LoggedDelivery.Status status) {}

    /** A list is read on below an id. */
    record ReadBelow(ListKey key, UUID before) {}

    /** Reads the newest rows of each list below its id, the newest first. */
    @FunctionalInterface
    interface Reader {
        List<LoggedDelivery> read(List<ReadBelow> below, int size);
    }

    /** The rows of a list that are read and not answered. */
    private static final class ListRows {
        private final ListKey key;
        private final Deque<LoggedDelivery> rows = new ArrayDeque<>();

        /** All rows down to here are read. */
        private UUID end;

        private int size;
        private boolean complete;

        ListRows(ListKey key, UUID before) {
            this.key = key;
            this.end = before;
        }

        /** No row of the list that is not answered has a higher id. */
        UUID head() {
            LoggedDelivery first = rows.peek();
            return first == null ? end : first.id();
        }
    }

    /**
     * @param before deliveries with lower ids
     * @param wanted rows that are asked for, probably
     * @param most rows after which no more are read
     */
    DeliveryLists(Reader reader, List<ListKey> keys, UUID before, int wanted, int most) {
        this.reader = reader;
        this.most = most;
        int even = AT_ONCE / Math.max(1, keys.size());
        int size = Math.clamp(even, 1, Math.clamp(wanted, 1, OF_A_LIST));
        readOn(keys.stream().map(key -> new ListRows(key, before)).toList(), size);
    }

    /** The next delivery; null when there is none, or no more rows may be read. */
    @Nullable LoggedDelivery next() {
        while (true) {
            ListRows first = lists.poll();
            if (first == null) {
                return null;
            }
            LoggedDelivery next = first.rows.poll();
            if (next != null) {
                putBack(first);
                return next;
            }
            if (read >= most) {
                spent = true;
                return null;
            }
            int size = Math.min(first.size * 2, OF_A_LIST);
            readOn(withThoseBehind(first, AT_ONCE / size), size);
        }
    }

    /** Rows that were read so far. */
    int read() {
        return read;
    }

    /** Whether there may be more deliveries than were answered. */
    boolean isSpent() {
        return spent;
    }

    private void putBack(ListRows list) {
        if (!list.rows.isEmpty() || !list.complete) {
            lists.add(list);
        }
    }

    /** The lists behind it that are nearly used up, too: one statement reads them all. */
    private List<ListRows> withThoseBehind(ListRows first, int most) {
        List<ListRows> found = new ArrayList<>(List.of(first));
        List<ListRows> full = new ArrayList<>();
        while (found.size() < most && full.size() < most && !lists.isEmpty()) {
            ListRows list = lists.remove();
            (list.complete || list.rows.size() > 1 ? full : found).add(list);
        }
        lists.addAll(full);
        return found;
    }

    /**
     * @param some none of them is in {@link #lists}
     */
    private void readOn(List<ListRows> some, int size) {
        Map<ListKey, ListRows> byKey = new HashMap<>();
        List<ReadBelow> below = new ArrayList<>();
        for (ListRows list : some) {
            byKey.put(list.key, list);
            below.add(new ReadBelow(list.key, list.end));
            list.size = size;
            list.complete = true;
        }
        Map<ListRows, Integer> counts = new HashMap<>();
        for (LoggedDelivery delivery : reader.read(below, size)) {
            ListRows list = byKey.get(new ListKey(delivery.webhookId(), delivery.status()));
            if (list != null) {
                list.rows.add(delivery);
                list.end = delivery.id();
                list.complete = counts.merge(list, 1, Integer::sum) < size;
                read++;
            }
        }
        some.forEach(this::putBack);
    }
}
