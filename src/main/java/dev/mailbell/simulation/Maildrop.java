package dev.mailbell.simulation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A maildrop in the server's order, which knows the true number of new messages. */
final class Maildrop {
    /** The maximum number of deleted messages that can be restored. */
    private static final int TRASH = 500;

    record Message(String uid, int size) {}

    private final List<Message> messages = new ArrayList<>();
    private final List<Message> trash = new ArrayList<>();
    private final List<Message> hidden = new ArrayList<>();
    private final Set<String> seen = new HashSet<>();
    private int arrivals;

    synchronized void arrive(int place, int size) {
        messages.add(place, new Message("%08x%08x".formatted(++arrivals, 1_700_000_000), size));
    }

    synchronized void delete(int place) {
        trash.add(messages.remove(place));
        if (trash.size() > TRASH) {
            trash.removeFirst();
        }
    }

    /** Restores a deleted message with the same UID. */
    synchronized void restore(int which, int place) {
        messages.add(place, trash.remove(which));
    }

    /** Hides the first messages without deleting them. */
    synchronized void hide(int count) {
        List<Message> first = messages.subList(0, count);
        hidden.addAll(first);
        first.clear();
    }

    /** Shows the hidden messages again at their old positions. */
    synchronized void unhide() {
        messages.addAll(0, hidden);
        hidden.clear();
    }

    synchronized int trashed() {
        return trash.size();
    }

    synchronized int size() {
        return messages.size();
    }

    synchronized long octets() {
        return messages.stream().mapToLong(Message::size).sum();
    }

    synchronized List<Message> messages() {
        return List.copyOf(messages);
    }

    /**
     * How many messages are present that were not present at any earlier check; counts as a check.
     */
    synchronized int countNew() {
        int fresh = 0;
        for (Message message : messages) {
            fresh += seen.add(message.uid()) ? 1 : 0;
        }
        return fresh;
    }
}
