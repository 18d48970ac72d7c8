package dev.mailbell.mail.pop3;

import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.detection.messages.UidKey;
import dev.mailbell.detection.messages.UidText;
import dev.mailbell.mail.pop3.protocol.CommandBatch;
import dev.mailbell.mail.pop3.protocol.NumberColumn;
import dev.mailbell.mail.pop3.protocol.Numbers;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.mail.pop3.protocol.Refusals;
import dev.mailbell.mail.pop3.protocol.Reply;
import dev.mailbell.mail.pop3.protocol.Silences;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads the answers to STAT, UIDL and LIST. */
final class Listings {
    /** The maximum number of messages that are counted. */
    static final int MESSAGES_LIMIT = KnownMessages.MAX_MESSAGES;

    /** The expected number of messages if it is not known. */
    static final int UNKNOWN = -1;

    private static final long NONE = -1;

    private final Pop3Wire wire;
    private final UidKey keys = new UidKey();

    /** The answer to STAT. */
    record Drop(int total, long octets) {}

    /**
     * A UIDL listing: keys, and the UIDs of the lowest and the highest number.
     *
     * @param fault what is wrong with it; null for nothing
     */
    record Uids(
            NumberColumn keys,
            @Nullable String first,
            @Nullable String top,
            @Nullable String fault,
            boolean blank) {
        static final Uids NONE = new Uids(new NumberColumn(), null, null, null, false);
    }

    /**
     * A LIST listing.
     *
     * @param fault what is wrong with it; null for nothing
     */
    record Sizes(NumberColumn column, @Nullable String fault) {}

    /** A line of UIDL: a number and a UID as ISO 8859-1. */
    record Uid(int number, String text) {}

    /** Reads one line of a listing and returns what is wrong with it; null for nothing. */
    @FunctionalInterface
    private interface LineReader {
        @Nullable String read(byte[] octets, int start, int length);
    }

    Listings(Pop3Wire wire) {
        this.wire = wire;
    }

    /**
     * @return null when the answer has no number of messages and octets
     */
    @Nullable Drop drop(Reply reply) {
        if (!reply.ok()) {
            if (Refusals.isOfUnknownCommand(reply)) {
                // The refusal does not describe the maildrop; a listing follows.
                return null;
            }
            throw wire.broken(Refusals.ofCommand(reply, "STAT"));
        }
        Numbers words = Numbers.of(reply.text());
        long total = words.next();
        long octets = words.next();
        if (total < 0 || total > Integer.MAX_VALUE || octets < 0) {
            return null;
        }
        if (total > MESSAGES_LIMIT) {
            throw tooMany("speaks of " + total);
        }
        return new Drop((int) total, octets);
    }

    /**
     * The multi-line answer to UIDL.
     *
     * @param status its first line
     * @param expected how many messages there should be
     */
    Uids uids(Reply status, int expected) {
        NumberColumn column = new NumberColumn();
        Kept first = new Kept(Integer.MAX_VALUE);
        Kept top = new Kept(0);
        int[] blank = new int[1];
        LineReader reader =
                (octets, start, length) -> {
                    Numbers words = new Numbers(octets, start, length);
                    long number = words.next();
                    int from = words.rest();
                    int uidLength = words.restLength();
                    if (number < 1 || number > Integer.MAX_VALUE) {
                        return "sent a line without a message number in UIDL";
                    }
                    blank[0] += uidLength == 0 ? 1 : 0;
                    add(column, (int) number, key(octets, from, uidLength));
                    if (number < first.number) {
                        first.keep((int) number, octets, from, uidLength);
                    }
                    if (number > top.number) {
                        top.keep((int) number, octets, from, uidLength);
                    }
                    return null;
                };
        String fault = lines(status, expected, column, reader);
        boolean sorted = column.sort();
        if (fault == null && !sorted) {
            fault = "listed a message number twice in UIDL";
        }
        boolean isBlank = fault == null && blank[0] > 0;
        if (isBlank) {
            fault = "gave " + blank[0] + " messages no UID in UIDL";
        }
        return new Uids(column, first.uid(), top.uid(), fault, isBlank);
    }

    /** A UID of a listing that is needed as text. */
    private static final class Kept {
        private final byte[] octets = new byte[Pop3Wire.LINE_LIMIT];
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
            return length == 0 ? null : UidText.of(octets, 0, length);
        }
    }

    /** The multi-line answer to LIST; the arguments are those of {@link #uids}. */
    Sizes sizes(Reply status, int expected) {
        NumberColumn column = new NumberColumn();
        LineReader reader =
                (octets, start, length) -> {
                    Numbers words = new Numbers(octets, start, length);
                    long number = words.next();
                    if (number < 1 || number > Integer.MAX_VALUE) {
                        return "sent a line without a message number in LIST";
                    }
                    long size = words.next();
                    if (size < 0) {
                        return "gave message " + number + " no size in LIST";
                    }
                    add(column, (int) number, size);
                    return null;
                };
        String fault = lines(status, expected, column, reader);
        boolean sorted = column.sort();
        if (fault == null && !sorted) {
            fault = "listed a message number twice in LIST";
        }
        return new Sizes(column, fault);
    }

    /**
     * Reads up to the dot that ends a listing. If it is missing, the listing ends at the next
     * status line, or when all messages are listed and the server is silent. Blank lines are
     * skipped; a message on the status line is used if the listing lacks it.
     *
     * @return what was wrong with a line; null for nothing
     */
    private @Nullable String lines(
            Reply status, int expected, NumberColumn column, LineReader reader) {
        String fault = null;
        boolean onStatusLine = isLine(status.text(), expected);
        // The number of all messages is more likely a count, as in "+OK 2 300": a pause before the
        // last line does not end the listing then.
        boolean hasCount = expected > 1 && Numbers.of(status.text()).next() == expected;
        while (true) {
            int besides = onStatusLine && !hasCount ? 1 : 0;
            if (isOver(column.size(), besides, expected) || !wire.nextLine(true)) {
                break;
            }
            if (wire.isStatus()) {
                wire.unread();
                break;
            }
            if (wire.length() > 0) {
                String wrong = reader.read(wire.array(), wire.start(), wire.length());
                fault = fault == null ? wrong : fault;
            }
        }
        if (onStatusLine && column.size() == expected - 1) {
            byte[] octets = status.text().getBytes(StandardCharsets.ISO_8859_1);
            reader.read(octets, 0, octets.length);
        }
        return fault;
    }

    /**
     * Whether the listing may be complete and the server is silent.
     *
     * @param besides the number of messages that may be listed on the status line
     */
    private boolean isOver(int listed, int besides, int expected) {
        Silences silences = wire.silences();
        return (listed + besides == expected || expected == UNKNOWN)
                && !wire.hasLine()
                && wire.isQuietFor(listed == expected ? silences.dot() : silences.end());
    }

    /** Whether the text is a message number and one word. */
    private static boolean isLine(String text, int expected) {
        Numbers words = Numbers.of(text);
        long number = words.next();
        int from = words.rest();
        String value = text.substring(from, from + words.restLength());
        return number >= 1 && number <= expected && value.matches("\\S+") && !isNoun(value);
    }

    /** Servers say "2 messages" or "1 message (300 octets)" on the status line of a listing. */
    private static boolean isNoun(String text) {
        return text.toLowerCase(Locale.ROOT).matches("(messages?|msgs?|mails?)(\\W.*)?");
    }

    /** The answer to {@code UIDL n}; null if it has no UID. */
    static @Nullable Uid uid(Reply reply) {
        Numbers words = Numbers.of(reply.text());
        long number = reply.ok() ? words.next() : NONE;
        int from = words.rest();
        int length = words.restLength();
        byte[] octets = reply.text().getBytes(StandardCharsets.ISO_8859_1);
        if (number < 1 || number > MESSAGES_LIMIT || length < 1) {
            return null;
        }
        String uid = UidText.of(octets, from, length);
        return isNoun(uid) ? null : new Uid((int) number, uid);
    }

    /** The size in the answer to {@code LIST n}; -1 if it has none for that message. */
    static long size(Reply reply, int number) {
        Numbers words = Numbers.of(reply.text());
        return reply.ok() && words.next() == number ? words.next() : NONE;
    }

    /** The sizes of single messages by {@code LIST n}; -1 for one that the server does not give. */
    long[] sizesOf(boolean pipelining, int... numbers) {
        String[] commands = new String[numbers.length];
        Arrays.setAll(commands, i -> "LIST " + numbers[i]);
        CommandBatch batch = new CommandBatch(wire, pipelining, commands);
        long[] sizes = new long[numbers.length];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = size(batch.nextStatus(), numbers[i]);
        }
        return sizes;
    }

    /** The key of a UID. */
    long key(String latin1) {
        byte[] octets = latin1.getBytes(StandardCharsets.ISO_8859_1);
        return keys.of(octets, 0, octets.length);
    }

    private long key(byte[] octets, int from, int length) {
        return UidText.isPlain(octets, from, length)
                ? keys.of(octets, from, length)
                : key(UidText.of(octets, from, length));
    }

    private void add(NumberColumn column, int number, long value) {
        if (column.size() == MESSAGES_LIMIT) {
            throw tooMany("lists more than " + MESSAGES_LIMIT);
        }
        column.add(number, value);
    }

    private RuntimeException tooMany(String does) {
        return wire.protocolError(
                "%s messages; over POP3 Mailbell counts up to %d: use IMAP, or empty the maildrop"
                        .formatted(does, MESSAGES_LIMIT));
    }
}
