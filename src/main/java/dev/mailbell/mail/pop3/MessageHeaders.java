package dev.mailbell.mail.pop3;

import dev.mailbell.mail.HeaderText;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads from the headers of messages ({@code TOP n 0}, which marks nothing as read) what they are
 * known by and when the server received them.
 */
final class MessageHeaders {
    /** Behind a whole header the dot is waited for only so long. */
    static final Duration DOT = Duration.ofSeconds(1);

    /** How many commands travel together. */
    private static final int FLIGHT = 64;

    /** What is kept of one field. */
    private static final int FIELD_LIMIT = 4_096;

    /** Fields that servers and mail programs change in a message that stays the same. */
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
    private boolean hasEnded = true;

    /**
     * What is read from one header.
     *
     * @param identity the Message-ID, or a digest of the header where it has none; null where the
     *     server does not show it
     * @param received when the server received the message; null where the header does not say so
     */
    record Facts(@Nullable String identity, @Nullable Instant received) {
        static final Facts NONE = new Facts(null, null);
    }

    MessageHeaders(Pop3Wire wire, boolean pipelining) {
        this.wire = wire;
        this.pipelining = pipelining;
    }

    /**
     * The facts of each message; once one header was not shown or had no end, those of the rest are
     * not asked for.
     *
     * @param numbers message numbers
     */
    Facts[] read(int... numbers) {
        Facts[] facts = new Facts[numbers.length];
        Arrays.fill(facts, Facts.NONE);
        for (int from = 0; from < numbers.length && hasEnded; from += FLIGHT) {
            int count = Math.min(FLIGHT, numbers.length - from);
            String[] commands = new String[count];
            for (int i = 0; i < count; i++) {
                commands[i] = "TOP " + numbers[from + i] + " 0";
            }
            Flight flight = new Flight(wire, pipelining, commands);
            for (int i = 0; i < count && (hasEnded || pipelining); i++) {
                facts[from + i] = flight.nextStatus().ok() ? facts() : Facts.NONE;
            }
        }
        return facts;
    }

    private Facts facts() {
        MessageDigest digest = sha256();
        ByteArrayOutputStream messageId = new ByteArrayOutputStream();
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        String name = "";
        boolean body = false;
        boolean isFirstReceived = false;
        while (!body || hasLineOfBody()) {
            if (!wire.nextLine(false)) {
                return new Facts(identity(messageId, digest), received(received));
            }
            if (body && wire.isStatus()) {
                wire.unread();
                break;
            }
            body |= wire.length() == 0;
            if (body) {
                continue;
            }
            if (!isFolded()) {
                name = fieldName();
                isFirstReceived = name.equals("received") && received.size() == 0;
                if (name.equals("message-id")) {
                    messageId.reset();
                }
            }
            if (isFirstReceived) {
                keep(received);
            } else if (name.equals("message-id")) {
                keep(messageId);
            }
            if (!VOLATILE.contains(name)) {
                digest.update(wire.array(), wire.start(), wire.length());
                digest.update((byte) '\n');
            }
        }
        hasEnded = false;
        return new Facts(identity(messageId, digest), received(received));
    }

    private boolean hasLineOfBody() {
        return wire.hasLine() || !wire.isQuietFor(DOT);
    }

    private boolean isFolded() {
        byte first = wire.array()[wire.start()];
        return first == ' ' || first == '\t';
    }

    private String fieldName() {
        String line = wire.text(0);
        int colon = line.indexOf(':');
        return colon < 0 ? "" : line.substring(0, colon).strip().toLowerCase(Locale.ROOT);
    }

    private void keep(ByteArrayOutputStream field) {
        if (field.size() + wire.length() <= FIELD_LIMIT) {
            field.write(wire.array(), wire.start(), wire.length());
            field.writeBytes(new byte[] {'\r', '\n'});
        }
    }

    private static String identity(ByteArrayOutputStream messageId, MessageDigest digest) {
        byte[] hash = digest.digest();
        return Headers.messageId(messageId.toByteArray())
                .orElseGet(() -> "header:" + HexFormat.of().formatHex(hash, 0, 16));
    }

    /** RFC 5321, section 4.4: the date stands behind the last semicolon. */
    private static @Nullable Instant received(ByteArrayOutputStream field) {
        String text = field.toString(StandardCharsets.ISO_8859_1);
        int date = text.lastIndexOf(';');
        return date < 0
                ? null
                : HeaderText.date(text.substring(date + 1).replaceAll("\\s+", " ").strip())
                        .orElse(null);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
