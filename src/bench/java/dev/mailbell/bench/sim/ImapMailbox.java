package dev.mailbell.bench.sim;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** One INBOX: so many messages, their UIDs one behind the other, and who has it open. */
final class ImapMailbox {
    static final long UID_VALIDITY = 1_700_000_000L;

    /** The UID of a message is so much more than its number. */
    private static final long UID_OFFSET = 5_000;

    private static final Set<String> SEEN = Set.of("\\Seen");

    private final AtomicInteger exists;
    private final List<ImapTalk> open = new CopyOnWriteArrayList<>();
    private final List<ImapTalk> loggedIn = new CopyOnWriteArrayList<>();

    private final int read;
    private final Map<Integer, Set<String>> flags = new ConcurrentHashMap<>();

    /**
     * @param messages so many, all of them read
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

    void loggedIn(ImapTalk talk) {
        loggedIn.add(talk);
    }

    void gone(ImapTalk talk) {
        loggedIn.remove(talk);
    }

    /** The sessions of its user. */
    List<ImapTalk> sessions() {
        return List.copyOf(loggedIn);
    }

    void open(ImapTalk talk) {
        open.add(talk);
    }

    void close(ImapTalk talk) {
        open.remove(talk);
    }

    void add() {
        exists.incrementAndGet();
        open.forEach(ImapTalk::push);
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
