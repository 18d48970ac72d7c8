package dev.mailbell.mail.pop3;

import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.pop3.login.ServerQuirks;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import dev.mailbell.mail.pop3.protocol.CommandBatch;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.mail.text.HeaderText;
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
import java.util.concurrent.atomic.AtomicReference;
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

    /** Refusals in a row that a server is given before the rest is not asked for. */
    static final int FIRST = 8;

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
    private final ServerQuirks habits;
    private boolean hasEnded;

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

    MessageHeaders(Pop3Wire wire, Capabilities capabilities, ServerQuirks habits) {
        this.wire = wire;
        this.pipelining = capabilities.pipelining();
        this.habits = habits;
    }

    /**
     * The facts of each message. Where none of the first headers is shown, or one has no end, those
     * of the rest are not asked for: servers hang up at too many commands that they refuse. Where
     * sessions are lost at this, one check fails, and a second one; the next ones go on without.
     *
     * @param numbers message numbers
     */
    Facts[] read(int... numbers) {
        Facts[] facts = new Facts[numbers.length];
        Arrays.fill(facts, Facts.NONE);
        asking(() -> read(numbers, facts));
        return facts;
    }

    /** The Message-ID of one message; null for none, or where the server does not show it. */
    @Nullable String messageId(int number) {
        AtomicReference<@Nullable String> id = new AtomicReference<>();
        asking(() -> id.set(new Pop3Envelopes(wire, pipelining).messageId(number).orElse(null)));
        return id.get();
    }

    private void asking(Runnable question) {
        if (habits.showsHeaders()) {
            try {
                question.run();
                habits.hasShownHeaders();
            } catch (MailFailure failure) {
                habits.failsAtHeaders();
                throw failure;
            }
        }
    }

    private void read(int[] numbers, Facts[] facts) {
        hasEnded = true;
        boolean isAnyShown = true;
        int count;
        for (int from = 0; from < numbers.length && hasEnded && isAnyShown; from += count) {
            count = Math.min(from == 0 ? FIRST : FLIGHT, numbers.length - from);
            isAnyShown = from > 0;
            String[] commands = new String[count];
            for (int i = 0; i < count; i++) {
                commands[i] = "TOP " + numbers[from + i] + " 0";
            }
            CommandBatch flight = new CommandBatch(wire, pipelining, commands);
            for (int i = 0; i < count && (hasEnded || pipelining); i++) {
                if (flight.nextStatus().ok()) {
                    facts[from + i] = facts();
                    isAnyShown = true;
                }
            }
        }
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
        return HeaderParser.messageId(messageId.toByteArray())
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
