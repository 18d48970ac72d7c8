package dev.mailbell.watch.shard;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The order of first checks: in each round every client that has accounts left checks one of them.
 * So a client with few accounts does not wait for all of one with many. It is computed from the
 * numbers of accounts alone, because the accounts are read in the order of their ids and page by
 * page. For one thread at a time.
 */
final class FirstTurns {
    /** Numbers of accounts in ascending order. */
    private final long[] counts;

    /** The sums of the first ones of them; one more than there are. */
    private final long[] sums;

    /** The place of each client in a round: those with most accounts come first. */
    private final Map<UUID, Integer> places = new HashMap<>();

    private final Map<UUID, Long> taken = new HashMap<>();

    /**
     * @param accounts how many each client has
     */
    FirstTurns(Map<UUID, Long> accounts) {
        List<Map.Entry<UUID, Long>> most =
                accounts.entrySet().stream()
                        .sorted(
                                Map.Entry.<UUID, Long>comparingByValue(Comparator.reverseOrder())
                                        .thenComparing(Map.Entry.comparingByKey()))
                        .toList();
        most.forEach(entry -> places.put(entry.getKey(), places.size()));
        counts = accounts.values().stream().mapToLong(Long::longValue).sorted().toArray();
        sums = new long[counts.length + 1];
        for (int i = 0; i < counts.length; i++) {
            sums[i + 1] = sums[i] + counts[i];
        }
    }

    /** The turn of the client's next account, from 1. */
    long next(UUID client) {
        long round = taken.merge(client, 1L, Long::sum) - 1;
        return before(round) + places.getOrDefault(client, places.size()) + 1;
    }

    /** How many accounts have had their turns before a round, which begin at 0. */
    private long before(long round) {
        int found = Arrays.binarySearch(counts, round);
        int atMost = found < 0 ? -found - 1 : found;
        return sums[atMost] + (counts.length - atMost) * round;
    }
}
