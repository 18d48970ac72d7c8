package dev.mailbell.bench.sim;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** One INBOX: its messages with consecutive UIDs, and the sessions that have it open. */
final class ImapMailbox {
    static final long UID_VALIDITY = 1_700_000_000L;

    /** The UID of a message is its number plus this. */
    private static final long UID_OFFSET = 5_000;

    private static final Set<String> SEEN = Set.of("\\Seen");

    private final AtomicInteger exists;
    private final List<ImapHandler> open = new CopyOnWriteArrayList<>();
    private final List<ImapHandler> loggedIn = new CopyOnWriteArrayList<>();

    private final int read;
    private final Map<Integer, Set<String>> flags = new ConcurrentHashMap<>();

    /**
     * @param messages the number of messages at the start, all of them read
     */
    ImapMailbox(int messages) {
        read = messages;
        exists = new AtomicInteger(messages);
    }

    int exists() {
        return exists.get();
    }

    static long uid(long number) {
        return UID_OFFSET + number;
    }

    static long number(long uid) {
        return uid - UID_OFFSET;
    }

    void loggedIn(ImapHandler handler) {
        loggedIn.add(handler);
    }

    void gone(ImapHandler handler) {
        loggedIn.remove(handler);
    }

    /** The sessions of its user. */
    List<ImapHandler> sessions() {
        return List.copyOf(loggedIn);
    }

    void open(ImapHandler handler) {
        open.add(handler);
    }

    void close(ImapHandler handler) {
        open.remove(handler);
    }

    void add() {
        exists.incrementAndGet();
        open.forEach(ImapHandler::push);
    }

    Set<String> flags(int number) {
        return number <= read ? SEEN : flags.getOrDefault(number, Set.of());
    }

    void flag(int number, Collection<String> added) {
        flags.computeIfAbsent(number, unknown -> ConcurrentHashMap.newKeySet()).addAll(added);
    }

    /** The numbers of the messages without {@code \Seen}, up to a number. */
    List<Integer> unseen(int last) {
        List<Integer> unseen = new ArrayList<>();
        for (int number = read + 1; number <= last; number++) {
            if (!flags(number).contains("\\Seen")) {
                unseen.add(number);
            }
        }
        return unseen;
    }
}
