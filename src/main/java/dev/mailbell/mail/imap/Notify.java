package dev.mailbell.mail.imap;

import dev.mailbell.mail.imap.protocol.BoundedResponses;
import dev.mailbell.mail.imap.protocol.Capabilities;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.UntaggedListener;
import java.util.List;
import org.eclipse.angus.mail.iap.Argument;

/** Asks a server to report new messages in mailboxes that are not open (RFC 5465). */
final class Notify {
    private Notify() {}

    /**
     * Requests reports about the open mailbox as before, and about the others by untagged STATUS
     * responses.
     *
     * @param others the mailboxes except the one that is kept open, as the server encodes them
     * @return whether the server accepted that
     */
    static boolean ask(ImapWire wire, Capabilities capabilities, List<String> others) {
        if (!capabilities.has("NOTIFY") || !wire.host().allowsNotify()) {
            return false;
        }
        Argument names = new Argument();
        others.forEach(names::writeString);
        // Delayed: message numbers stay valid while a command runs (section 6.2).
        Argument selected = new Argument();
        selected.writeAtom("SELECTED-DELAYED");
        selected.writeArgument(events());
        Argument listed = new Argument();
        listed.writeAtom("MAILBOXES");
        listed.writeArgument(names);
        listed.writeArgument(events());
        Argument arguments = new Argument();
        arguments.writeAtom("SET");
        arguments.writeArgument(selected);
        arguments.writeArgument(listed);
        return wire.command(
                        "NOTIFY", arguments, BoundedResponses.USUAL_LIMIT, UntaggedListener.IGNORED)
                .ok();
    }

    private static Argument events() {
        Argument events = new Argument();
        events.writeAtom("MessageNew");
        events.writeAtom("MessageExpunge");
        return events;
    }
}
