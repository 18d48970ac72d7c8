package dev.mailbell.mail.pop3;

import dev.mailbell.mark.UidKey;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads what STAT, UIDL and LIST answer. */
final class Listings {
    /** Twice what the daemon promises to watch; more is taken for a server gone mad. */
    static final int MESSAGES_LIMIT = 2_000_000;

    /** RFC 1939 allows 70 octets, but servers do not keep to it. */
    private static final int UID_LIMIT = 255;

    private final Pop3Wire wire;
    private final UidKey keys = new UidKey();

    /** The answer to STAT. */
    record Drop(int total, long octets) {}

    /** A UIDL listing: keys, and the UIDs of the lowest and the highest number. */
    record Uids(Column keys, @Nullable String first, @Nullable String top) {}

    /** A line of UIDL: a number and a UID as ISO 8859-1. */
    record Uid(int number, String text) {}

    Listings(Pop3Wire wire) {
        this.wire = wire;
    }

    Drop drop(Reply reply) {
        if (!reply.ok()) {
            throw wire.broken(Refusals.ofCommand(reply, "STAT"));
        }
        Numbers words = Numbers.of(reply.text());
        long total = words.next();
        long octets = words.next();
        if (total < 0 || octets < 0) {
            throw wire.protocolError("answered STAT without a number of messages and octets");
        }
        if (total > MESSAGES_LIMIT) {
            throw tooMany();
        }
        return new Drop((int) total, octets);
    }

    /** The multi-line answer to UIDL. */
    Uids uids() {
        Column column = new Column();
        Kept first = new Kept(Integer.MAX_VALUE);
        Kept top = new Kept(0);
        while (wire.nextLine(true)) {
            Numbers words = new Numbers(wire.array(), wire.start(), wire.length());
            int number = messageNumber(words.next(), "UIDL");
            int from = words.rest();
            int length = words.restLength();
            if (!isUid(wire.array(), from, length)) {
                throw wire.protocolError("gave message " + number + " no sound UID in UIDL");
            }
            add(column, number, keys.of(wire.array(), from, length));
            if (number < first.number) {
                first.keep(number, wire.array(), from, length);
            }
            if (number > top.number) {
                top.keep(number, wire.array(), from, length);
            }
        }
        return new Uids(sorted(column, "UIDL"), first.uid(), top.uid());
    }

    /** The one UID of a long listing that is needed as text. */
    private static final class Kept {
        private final byte[] octets = new byte[UID_LIMIT];
        private int number;
        private int length;

        Kept(int number) {
            this.number = number;
        }

        void keep(int newNumber, byte[] array, int from, int newLength) {
            number = newNumber;
            length = newLength;
            System.arraycopy(array, from, octets, 0, length);
        }

        @Nullable String uid() {
            return length == 0 ? null : new String(octets, 0, length, StandardCharsets.ISO_8859_1);
        }
    }

    /** The multi-line answer to LIST. */
    Column sizes() {
        Column column = new Column();
        while (wire.nextLine(true)) {
            Numbers words = new Numbers(wire.array(), wire.start(), wire.length());
            int number = messageNumber(words.next(), "LIST");
            long size = words.next();
            if (size < 0) {
                throw wire.protocolError("gave message " + number + " no size in LIST");
            }
            add(column, number, size);
        }
        return sorted(column, "LIST");
    }

    /** The answer to {@code UIDL n}; null when it is none for that message. */
    static @Nullable Uid uid(Reply reply) {
        Numbers words = Numbers.of(reply.text());
        long number = reply.ok() ? words.next() : -1;
        int from = words.rest();
        int length = words.restLength();
        byte[] octets = reply.text().getBytes(StandardCharsets.ISO_8859_1);
        return number < 1 || number > MESSAGES_LIMIT || !isUid(octets, from, length)
                ? null
                : new Uid((int) number, reply.text().substring(from, from + length));
    }

    /** The size in the answer to {@code LIST n}; -1 when it is none for that message. */
    static long size(Reply reply, int number) {
        Numbers words = Numbers.of(reply.text());
        return reply.ok() && words.next() == number ? words.next() : -1;
    }

    /** The key of a UID. */
    long key(String latin1) {
        byte[] octets = latin1.getBytes(StandardCharsets.ISO_8859_1);
        return keys.of(octets, 0, octets.length);
    }

    private static boolean isUid(byte[] octets, int from, int length) {
        if (length < 1 || length > UID_LIMIT) {
            return false;
        }
        for (int i = from; i < from + length; i++) {
            // PostgreSQL keeps any character but this one.
            if (octets[i] == 0) {
                return false;
            }
        }
        return true;
    }

    private int messageNumber(long number, String command) {
        if (number < 1 || number > Integer.MAX_VALUE) {
            throw wire.protocolError("sent a line without a message number in " + command);
        }
        return (int) number;
    }

    private void add(Column column, int number, long value) {
        if (column.size() == MESSAGES_LIMIT) {
            throw tooMany();
        }
        column.add(number, value);
    }

    private Column sorted(Column column, String command) {
        if (!column.sort()) {
            throw wire.protocolError("listed a message number twice in " + command);
        }
        return column;
    }

    private RuntimeException tooMany() {
        return wire.protocolError(
                "speaks of more than " + MESSAGES_LIMIT + " messages, which is not believed");
    }
}
