package dev.mailbell.mail.imap;

import java.util.Optional;

/** Tells a server who is calling (RFC 2971). */
final class Identity {
    private static final String VERSION =
            Optional.ofNullable(Identity.class.getPackage().getImplementationVersion())
                    .orElse("dev");

    private final ImapWire wire;

    Identity(ImapWire wire) {
        this.wire = wire;
    }

    /** A refusal means nothing: the server need not want to know. */
    void send() {
        wire.command("ID (\"name\" \"Mailbell\" \"version\" \"" + VERSION + "\")");
    }
}
