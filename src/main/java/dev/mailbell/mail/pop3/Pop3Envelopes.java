package dev.mailbell.mail.pop3;

import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.pop3.protocol.CommandBatch;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.mail.pop3.protocol.Reply;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Fetches envelopes with {@code TOP n 0}, which does not mark messages as read. */
final class Pop3Envelopes {
    private static final int MESSAGES_LIMIT = 20;

    /** The maximum number of octets kept of a header; the rest is read and dropped. */
    private static final int HEADER_LIMIT = 8192;

    private final Pop3Wire wire;
    private final boolean pipelining;

    Pop3Envelopes(Pop3Wire wire, boolean pipelining) {
        this.wire = wire;
        this.pipelining = pipelining;
    }

    List<Envelope> fetch(List<Long> messages) {
        if (messages.size() > MESSAGES_LIMIT) {
            throw new IllegalArgumentException(
                    "envelopes of at most " + MESSAGES_LIMIT + " messages, not " + messages.size());
        }
        List<String> commands = new ArrayList<>();
        for (long number : messages) {
            if (number < 1) {
                throw new IllegalArgumentException("not a message number: " + number);
            }
            commands.add("TOP " + number + " 0");
            commands.add("UIDL " + number);
        }
        CommandBatch batch = new CommandBatch(wire, pipelining, commands.toArray(String[]::new));
        List<Envelope> envelopes = new ArrayList<>();
        for (long number : messages) {
            byte @Nullable [] header = batch.nextStatus().ok() ? header() : null;
            Listings.Uid uid = uid(batch.nextStatus());
            if (header != null) {
                // A server without UIDL gives no UID.
                String name = uid != null && uid.number() == number ? uid.text() : "";
                envelopes.add(HeaderParser.parse(name, header));
            }
        }
        return envelopes;
    }

    /** Some servers send the UID on a line after the status line. */
    private Listings.@Nullable Uid uid(Reply status) {
        Listings.Uid uid = Listings.uid(status);
        if (uid == null && status.ok() && wire.hasLine() && !wire.isStatusNext()) {
            wire.nextLine(true);
            return Listings.uid(new Reply(true, wire.text(0).strip()));
        }
        return uid;
    }

    /** The Message-ID of one message; empty if the server has no TOP or the message has none. */
    Optional<String> messageId(long number) {
        if (!new CommandBatch(wire, pipelining, "TOP " + number + " 0").nextStatus().ok()) {
            return Optional.empty();
        }
        return HeaderParser.messageId(header());
    }

    private byte[] header() {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        HeaderLines.read(
                wire,
                (octets, start, length) -> {
                    if (header.size() + length + 2 <= HEADER_LIMIT) {
                        header.write(octets, start, length);
                        header.writeBytes(new byte[] {'\r', '\n'});
                    }
                });
        return header.toByteArray();
    }
}
