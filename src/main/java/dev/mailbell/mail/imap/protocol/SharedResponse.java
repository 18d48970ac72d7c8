package dev.mailbell.mail.imap.protocol;

import java.io.IOException;
import org.eclipse.angus.mail.iap.ProtocolException;
import org.eclipse.angus.mail.imap.protocol.IMAPResponse;

/** A response of which several may read. */
public final class SharedResponse extends IMAPResponse {
    private final int start;

    SharedResponse(ImapWire wire) throws IOException, ProtocolException {
        super(wire);
        start = index;
    }

    /** Back to what follows the name of an untagged response, or the word OK, NO, BAD or BYE. */
    public SharedResponse rewound() {
        index = start;
        return this;
    }
}
