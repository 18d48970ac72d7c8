package dev.mailbell.detection;

import dev.mailbell.detection.messages.MessageListing;
import dev.mailbell.detection.messages.UidKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A maildrop in memory, and the truth about what is new in it: a plain multiset of all UIDs ever
 * listed.
 */
final class MaildropModel {
    record Message(String uid, int size) {}

    private final UidKey keys = new UidKey();
    private final Map<String, Integer> seen = new HashMap<>();
    final List<Message> messages = new ArrayList<>();
    private final RandomGenerator random;
    private int made;

    MaildropModel(RandomGenerator random) {
        this.random = random;
    }

    Message arrive() {
        return arrive(messages.size());
    }

    /**
     * The sizes are large, so that the sums of different messages are different too: the proofs by
     * total size rest on that.
     */
    Message arrive(int place) {
        Message message = new Message("uid-" + made++, 500 + random.nextInt(1_000_000_000));
        messages.add(place, message);
        return message;
    }

    long octets() {
        return messages.stream().mapToLong(Message::size).sum();
    }

    Pop3Mark mark() {
        return new Pop3Mark(
                messages.size(),
                octets(),
                messages.isEmpty() ? null : messages.getFirst().uid(),
                messages.isEmpty() ? null : messages.getLast().uid(),
                false);
    }

    /** What the listing rule of a session gives from the mark it was handed. */
    Pop3Observation observe(@Nullable Pop3Mark before) {
        Pop3Mark now = mark();
        if (before != null && before.equals(now)) {
            return new Pop3Observation.Unchanged();
        }
        if (before != null && before.total() > 0 && now.total() > before.total()) {
            boolean sameEnds =
                    messages.getFirst().uid().equals(before.firstUid())
                            && messages.get(before.total() - 1).uid().equals(before.topUid());
            long tail =
                    messages.subList(before.total(), messages.size()).stream()
                            .mapToLong(Message::size)
                            .sum();
            if (sameEnds && before.octets() + tail == now.octets()) {
                return new Pop3Observation.Tail(now, listing(before.total()));
            }
        }
        return new Pop3Observation.Full(now, listing(0));
    }

    MessageListing listing(int from) {
        int size = messages.size() - from;
        int[] numbers = new int[size];
        long[] hashes = new long[size];
        int[] sizes = new int[size];
        for (int i = 0; i < size; i++) {
            byte[] octets = messages.get(from + i).uid().getBytes(StandardCharsets.ISO_8859_1);
            numbers[i] = from + i + 1;
            hashes[i] = keys.of(octets, 0, octets.length);
            sizes[i] = messages.get(from + i).size();
        }
        return new MessageListing(numbers, hashes, sizes);
    }

    /**
     * How many messages are there now that were never there at an earlier check; this is such a
     * check.
     */
    int countNew() {
        Map<String, Integer> now = new HashMap<>();
        messages.forEach(message -> now.merge(message.uid(), 1, Integer::sum));
        int fresh = 0;
        for (Map.Entry<String, Integer> entry : now.entrySet()) {
            fresh += Math.max(0, entry.getValue() - seen.getOrDefault(entry.getKey(), 0));
            seen.merge(entry.getKey(), entry.getValue(), Math::max);
        }
        return fresh;
    }
}
