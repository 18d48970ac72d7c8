package dev.mailbell.mail.imap;

import java.io.IOException;
import org.eclipse.angus.mail.iap.ProtocolException;
import org.eclipse.angus.mail.imap.protocol.IMAPResponse;

/** A response of which several may read. */
final class Line extends IMAPResponse {
    private final int start;

    Line(ImapWire wire) throws IOException, ProtocolException {
        super(wire);
        start = index;
    }

    /** Back to what follows the name of an untagged response, or the word OK, NO, BAD or BYE. */
    Line rewound() {
        index = start;
        return this;
    }
}
