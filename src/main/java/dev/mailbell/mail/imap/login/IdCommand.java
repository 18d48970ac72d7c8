package dev.mailbell.mail.imap.login;

import dev.mailbell.mail.imap.protocol.BoundedResponses;
import dev.mailbell.mail.imap.protocol.ImapWire;
import java.util.Optional;

/** Identifies Mailbell to a server (RFC 2971). */
public final class IdCommand {
    private static final String VERSION =
            Optional.ofNullable(IdCommand.class.getPackage().getImplementationVersion())
                    .orElse("dev");

    private final ImapWire wire;

    public IdCommand(ImapWire wire) {
        this.wire = wire;
    }

    /**
     * Returns the fields with which the server identifies itself, empty for none. A refusal is
     * ignored.
     */
    public String exchange() {
        StringBuilder fields = new StringBuilder();
        wire.command(
                "ID (\"name\" \"Mailbell\" \"version\" \"" + VERSION + "\")",
                null,
                BoundedResponses.USUAL_LIMIT,
                line -> {
                    if (line.keyEquals("ID") && fields.isEmpty()) {
                        fields.append(line.getRest());
                    }
                });
        return fields.toString();
    }
}
