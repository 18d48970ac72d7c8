package dev.mailbell.watch.history;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.history.PastCheck.Result;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Past checks as octets, the newest first: about fourteen for a check, and each text once. Numbers
 * have seven bits an octet, the lowest first.
 */
final class PackedChecks {
    private static final Instant EPOCH = Instant.parse("2020-01-01T00:00:00Z");
    private static final int LONGEST_MESSAGE = 300;
    private static final String CUT = "…";

    /** The octets of its number and its length. */
    private static final int NUMBERS_OF_TEXT = 3;

    private static final Result[] RESULTS = Result.values();
    private static final CheckTrigger[] TRIGGERS = CheckTrigger.values();
    private static final FailureCode[] CODES = FailureCode.values();

    private PackedChecks() {}

    /**
     * @param most octets; the oldest checks are left out where they take more, and the text of the
     *     newest is cut
     */
    static byte[] pack(List<PastCheck> newestFirst, int most) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<String> texts = new ArrayList<>();
        int whole = 0;
        for (PastCheck check : newestFirst) {
            write(out, check, texts, whole == 0 ? most : Integer.MAX_VALUE);
            if (out.size() > most && whole > 0) {
                break;
            }
            whole = out.size();
        }
        byte[] packed = new byte[whole];
        System.arraycopy(out.toByteArray(), 0, packed, 0, whole);
        return packed;
    }

    /**
     * @param most octets of all; a text is cut where it takes more
     */
    private static void write(
            ByteArrayOutputStream out, PastCheck check, List<String> texts, int most) {
        out.write(check.result().ordinal() << 4 | check.trigger().ordinal());
        long started = millis(check.startedAt());
        number(out, started);
        number(out, check.tookMillis());
        number(out, check.times());
        number(out, Math.max(0, started - millis(check.firstAt())));
        number(out, check.newCount());
        FailureCode code = check.code();
        number(out, code == null ? 0 : code.ordinal() + 1);
        if (code != null) {
            text(out, check.message(), texts, most - out.size() - NUMBERS_OF_TEXT);
        }
    }

    /** 0: none; n: the n-th text of this history; one more than there are: a new one follows. */
    private static void text(
            ByteArrayOutputStream out, @Nullable String message, List<String> texts, int most) {
        String text = message == null ? "" : cut(message, most);
        if (text.isEmpty()) {
            number(out, 0);
            return;
        }
        int known = texts.indexOf(text);
        if (known >= 0) {
            number(out, known + 1);
            return;
        }
        texts.add(text);
        byte[] octets = utf8(text);
        number(out, texts.size());
        number(out, octets.length);
        out.writeBytes(octets);
    }

    /** The beginning of a message that fits; empty when nothing of it does. */
    private static String cut(String message, int most) {
        String text =
                message.length() <= LONGEST_MESSAGE
                        ? message
                        : message.substring(0, LONGEST_MESSAGE - 1) + CUT;
        if (utf8(text).length <= most) {
            return text;
        }
        int end = Math.clamp(most - utf8(CUT).length, 0, text.length());
        while (end > 0 && utf8(text.substring(0, end) + CUT).length > most) {
            end--;
        }
        return end == 0 ? "" : text.substring(0, end) + CUT;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static long millis(Instant time) {
        return Math.max(0, time.toEpochMilli() - EPOCH.toEpochMilli());
    }

    private static void number(ByteArrayOutputStream out, long value) {
        long rest = Math.max(0, value);
        while (rest >= 0x80) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    static List<PastCheck> unpack(byte[] packed) {
        List<PastCheck> checks = new ArrayList<>();
        Reader in = new Reader(packed);
        while (in.at < packed.length) {
            checks.add(in.check());
        }
        return checks;
    }

    private static final class Reader {
        private final byte[] packed;
        private final List<String> texts = new ArrayList<>();
        private int at;

        Reader(byte[] packed) {
            this.packed = packed;
        }

        private PastCheck check() {
            int kinds = packed[at++];
            long started = EPOCH.toEpochMilli() + number();
            long took = number();
            int times = (int) number();
            long first = started - number();
            int newCount = (int) number();
            int code = (int) number();
            return new PastCheck(
                    RESULTS[kinds >> 4],
                    TRIGGERS[kinds & 0xf],
                    Instant.ofEpochMilli(started),
                    took,
                    times,
                    Instant.ofEpochMilli(first),
                    newCount,
                    code == 0 ? null : CODES[code - 1],
                    code == 0 ? null : text());
        }

        private @Nullable String text() {
            int number = (int) number();
            if (number == 0) {
                return null;
            }
            if (number > texts.size()) {
                int length = (int) number();
                texts.add(new String(packed, at, length, StandardCharsets.UTF_8));
                at += length;
            }
            return texts.get(number - 1);
        }

        private long number() {
            long value = 0;
            for (int shift = 0; ; shift += 7) {
                byte octet = packed[at++];
                value |= (long) (octet & 0x7f) << shift;
                if (octet >= 0) {
                    return value;
                }
            }
        }
    }
}
