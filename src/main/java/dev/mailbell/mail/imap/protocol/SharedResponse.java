package dev.mailbell.mail.imap.protocol;

import java.io.IOException;
import org.eclipse.angus.mail.iap.ProtocolException;
import org.eclipse.angus.mail.imap.protocol.IMAPResponse;

/** A response that several readers can parse from its beginning. */
public final class SharedResponse extends IMAPResponse {
    private final int start;

    SharedResponse(ImapWire wire) throws IOException, ProtocolException {
        super(wire);
        start = index;
    }

    /**
     * Moves back to the text after the name of an untagged response, or after OK, NO, BAD or BYE.
     */
    public SharedResponse rewound() {
        index = start;
        return this;
    }
}
