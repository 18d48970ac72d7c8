package dev.mailbell.detection.messages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.messages.KnownMessages.Chunk;
import dev.mailbell.detection.messages.KnownMessages.Difference;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Compares the log with a plain list of entries. */
class MessageLogTest {
    private static final int STEPS = 1_500;
    private static final int KEYS = 4_000;

    private record Entry(long key, boolean gone, boolean fetched, int size) {}

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final List<Entry> model = new ArrayList<>();
    private KnownMessages known = KnownMessages.none();

    @Test
    void over_random_operations_the_log_equals_a_plain_list() {
        for (int step = 0; step < STEPS; step++) {
            switch (random.nextInt(6)) {
                case 0 -> fetch();
                case 1 -> forget();
                case 2 -> match();
                default -> append();
            }
            assertThat(entries()).as("seed %d, step %d", seed, step).isEqualTo(model);
            for (Chunk chunk : known.chunks()) {
                assertThat(chunk.entries()).hasSizeLessThanOrEqualTo(KnownMessages.CHUNK);
            }
        }
    }

    @Test
    void a_full_chunk_that_does_not_change_is_reused() {
        long[] keys = random.longs(2 * KnownMessages.CHUNK, 0, Long.MAX_VALUE >>> 2).toArray();
        KnownMessages before = KnownMessages.none().grown(listing(keys)).next();
        KnownMessages after = before.grown(listing(1L)).next();
        assertThat(before.chunks()).hasSize(2);
        assertThat(after.chunks()).hasSize(3).startsWith(before.chunks().toArray(new Chunk[0]));
        assertThat(after.changedSince(before)).containsExactly(after.chunks().getLast());
    }

    @Test
    void a_listing_in_another_order_is_not_matched() {
        KnownMessages before = KnownMessages.none().grown(listing(1, 2, 3)).next();
        assertThat(new MessageLog(before).matchInOrder(listing(1, 3))).isEqualTo(2);
        assertThat(new MessageLog(before).matchInOrder(listing(1, 2, 3, 4))).isEqualTo(3);
        assertThat(new MessageLog(before).matchInOrder(listing(2, 1))).isEqualTo(-1);
    }

    private void fetch() {
        int end = random.nextInt(model.size() + 1);
        boolean rewind = random.nextBoolean();
        MessageLog log = new MessageLog(known);
        log.fetch(end, rewind);
        known = log.chunked(known.chunks());
        for (int i = 0; i < model.size(); i++) {
            Entry old = model.get(i);
            boolean fetched = i < end || !rewind && old.fetched();
            model.set(i, new Entry(old.key(), old.gone(), fetched, old.size()));
        }
    }

    private void forget() {
        int count = random.nextInt(20);
        MessageLog log = new MessageLog(known);
        log.forget(count);
        known = log.chunked(known.chunks());
        int left = count;
        for (int i = 0; i < model.size() && left > 0; ) {
            if (model.get(i).gone()) {
                model.remove(i);
                left--;
            } else {
                i++;
            }
        }
    }

    /** Lists a subsequence of the entries: the others are gone afterwards. */
    private void match() {
        List<Entry> listed =
                model.stream().filter(entry -> random.nextInt(20) > 0 && !entry.gone()).toList();
        MessageListing listing = listing(listed.stream().mapToLong(Entry::key).toArray());
        MessageLog log = new MessageLog(known);
        assertThat(log.matchInOrder(listing)).as("seed %d", seed).isEqualTo(listed.size());
        known = log.chunked(known.chunks());
        int matched = 0;
        for (int i = 0; i < model.size(); i++) {
            Entry old = model.get(i);
            boolean found = matched < listed.size() && listed.get(matched).key() == old.key();
            int size = found ? MessageLog.known(listing.sizes()[matched], old.size()) : old.size();
            matched += found ? 1 : 0;
            model.set(i, new Entry(old.key(), !found, old.fetched(), size));
        }
    }

    private void append() {
        MessageListing tail = listing(random.longs(random.nextInt(12), 0, KEYS).toArray());
        Difference difference = known.grown(tail);
        known = difference.next();
        List<Integer> fresh = new ArrayList<>();
        for (int i = 0; i < tail.size(); i++) {
            long key = tail.keys()[i];
            int size = tail.sizes()[i];
            Entry gone =
                    model.stream()
                            .filter(entry -> entry.gone() && entry.key() == key)
                            .findFirst()
                            .orElse(null);
            if (gone == null) {
                fresh.add(i);
                model.add(new Entry(key, false, false, size));
            } else {
                model.remove(gone);
                int knownSize = MessageLog.known(size, gone.size());
                model.add(new Entry(key, false, gone.fetched(), knownSize));
            }
        }
        assertThat(difference.fresh())
                .as("seed %d", seed)
                .containsExactly(fresh.stream().mapToInt(Integer::intValue).toArray());
    }

    private MessageListing listing(long... keys) {
        int[] sizes = new int[keys.length];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = random.nextInt(4) == 0 ? MessageListing.UNKNOWN : random.nextInt(1_000);
        }
        return new MessageListing(new int[keys.length], keys, sizes);
    }

    private List<Entry> entries() {
        MessageLog log = new MessageLog(known);
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < log.length(); i++) {
            entries.add(
                    new Entry(
                            MessageLog.key(log.entries[i]),
                            log.isGone(i),
                            (log.entries[i] & KnownMessages.FETCHED) != 0,
                            log.sizes[i]));
        }
        return entries;
    }
}
