package dev.mailbell.mail.pop3;

import dev.mailbell.detection.messages.Sha256;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.pop3.login.ServerQuirks;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import dev.mailbell.mail.pop3.protocol.CommandBatch;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.mail.text.HeaderText;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Reads from the headers of messages ({@code TOP n 0}, which does not mark them as read) their
 * identity and the time at which the server received them.
 */
final class MessageHeaders {
    /** How many commands are sent together. */
    private static final int BATCH = 64;

    /** How many headers are requested first; if all are refused, the rest is not requested. */
    static final int FIRST_BATCH = 8;

    /** The maximum number of octets kept of one field. */
    private static final int FIELD_LIMIT = 4_096;

    /** Fields that servers and mail programs change within the same message. */
    private static final Set<String> VOLATILE =
            Set.of(
                    "status",
                    "x-status",
                    "x-uid",
                    "x-uidl",
                    "x-imap",
                    "x-imapbase",
                    "x-keywords",
                    "x-mozilla-status",
                    "x-mozilla-status2",
                    "content-length",
                    "lines");

    private final Pop3Wire wire;
    private final boolean pipelining;
    private final ServerQuirks quirks;
    private boolean hasEnded;

    /**
     * The facts in one header.
     *
     * @param identity the Message-ID, or a digest of the header if it has none; null if the server
     *     does not show the header
     * @param received when the server received the message; null if the header does not contain it
     */
    record Facts(@Nullable String identity, @Nullable Instant received) {
        static final Facts NONE = new Facts(null, null);
    }

    MessageHeaders(Pop3Wire wire, Capabilities capabilities, ServerQuirks quirks) {
        this.wire = wire;
        this.pipelining = capabilities.pipelining();
        this.quirks = quirks;
    }

    /**
     * The facts of each message. If none of the first headers is shown, or one has no end, the rest
     * is not requested, because servers close the connection after too many refused commands. After
     * two checks in a row that lost their session here, the next ones do without headers.
     *
     * @param numbers message numbers
     */
    Facts[] read(int... numbers) {
        Facts[] facts = new Facts[numbers.length];
        Arrays.fill(facts, Facts.NONE);
        guarded(() -> read(numbers, facts));
        return facts;
    }

    /** The Message-ID of one message; null for none, or if the server does not show it. */
    @Nullable String messageId(int number) {
        AtomicReference<@Nullable String> id = new AtomicReference<>();
        guarded(() -> id.set(new Pop3Envelopes(wire, pipelining).messageId(number).orElse(null)));
        return id.get();
    }

    private void guarded(Runnable reading) {
        if (quirks.mayReadHeaders()) {
            try {
                reading.run();
                quirks.headersShown();
            } catch (MailFailure failure) {
                quirks.lostAtHeaders();
                throw failure;
            }
        }
    }

    private void read(int[] numbers, Facts[] facts) {
        hasEnded = true;
        boolean isAnyShown = true;
        int count;
        for (int from = 0; from < numbers.length && hasEnded && isAnyShown; from += count) {
            count = Math.min(from == 0 ? FIRST_BATCH : BATCH, numbers.length - from);
            isAnyShown = from > 0;
            String[] commands = new String[count];
            for (int i = 0; i < count; i++) {
                commands[i] = "TOP " + numbers[from + i] + " 0";
            }
            CommandBatch batch = new CommandBatch(wire, pipelining, commands);
            for (int i = 0; i < count && (hasEnded || pipelining); i++) {
                if (batch.nextStatus().ok()) {
                    facts[from + i] = facts();
                    isAnyShown = true;
                }
            }
        }
    }

    private Facts facts() {
        FactsReader reader = new FactsReader();
        hasEnded &= HeaderLines.read(wire, reader);
        return reader.facts();
    }

    /** Collects the facts of one header from its lines. */
    private static final class FactsReader implements HeaderLines.Line {
        private final MessageDigest digest = Sha256.digest();
        private final ByteArrayOutputStream messageId = new ByteArrayOutputStream();
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private String name = "";
        private boolean isFirstReceived;

        @Override
        public void accept(byte[] octets, int start, int length) {
            if (octets[start] != ' ' && octets[start] != '\t') {
                name = fieldName(new String(octets, start, length, StandardCharsets.ISO_8859_1));
                isFirstReceived = name.equals("received") && received.size() == 0;
                if (name.equals("message-id")) {
                    messageId.reset();
                }
            }
            if (isFirstReceived) {
                keep(received, octets, start, length);
            } else if (name.equals("message-id")) {
                keep(messageId, octets, start, length);
            }
            if (!VOLATILE.contains(name)) {
                digest.update(octets, start, length);
                digest.update((byte) '\n');
            }
        }

        Facts facts() {
            return new Facts(identity(messageId, digest), received(received));
        }

        private static String fieldName(String line) {
            int colon = line.indexOf(':');
            return colon < 0 ? "" : line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
        }

        private static void keep(
                ByteArrayOutputStream field, byte[] octets, int start, int length) {
            if (field.size() + length <= FIELD_LIMIT) {
                field.write(octets, start, length);
                field.writeBytes(new byte[] {'\r', '\n'});
            }
        }
    }

    private static String identity(ByteArrayOutputStream messageId, MessageDigest digest) {
        byte[] hash = digest.digest();
        return HeaderParser.messageId(messageId.toByteArray())
                .orElseGet(() -> "header:" + HexFormat.of().formatHex(hash, 0, 16));
    }

    /** RFC 5321, section 4.4: the date follows the last semicolon. */
    private static @Nullable Instant received(ByteArrayOutputStream field) {
        String text = field.toString(StandardCharsets.ISO_8859_1);
        int date = text.lastIndexOf(';');
        return date < 0
                ? null
                : HeaderText.date(text.substring(date + 1).replaceAll("\\s+", " ").strip())
                        .orElse(null);
    }
}
