package dev.mailbell.bench.sim;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** One INBOX: so many messages, their UIDs one behind the other, and who has it open. */
final class ImapMailbox {
    static final long UID_VALIDITY = 1_700_000_000L;

    /** The UID of a message is so much more than its number. */
    private static final long UID_OFFSET = 5_000;

    private final AtomicInteger exists;
    private final List<ImapTalk> open = new CopyOnWriteArrayList<>();

    ImapMailbox(int messages) {
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
}
