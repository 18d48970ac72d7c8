package dev.mailbell.simulation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A maildrop in the server's order, and the truth about what is new in it. */
final class Maildrop {
    /** What is remembered of deleted messages to restore them from: a trash that is emptied. */
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

    /** A user takes a message out of the trash: it is the same message, with the same UID. */
    synchronized void restore(int which, int place) {
        messages.add(place, trash.remove(which));
    }

    /** The server no longer shows the first messages; they are there. */
    synchronized void hide(int count) {
        List<Message> first = messages.subList(0, count);
        hidden.addAll(first);
        first.clear();
    }

    /** The server shows again what was hidden, where it was. */
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

    /** How many messages are there that were there at no earlier look; this is a look. */
    synchronized int lookForNew() {
        int fresh = 0;
        for (Message message : messages) {
            fresh += seen.add(message.uid()) ? 1 : 0;
        }
        return fresh;
    }
}
