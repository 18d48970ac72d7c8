package dev.mailbell.mail.imap;

import dev.mailbell.mail.imap.protocol.BoundedResponses;
import dev.mailbell.mail.imap.protocol.Capabilities;
import dev.mailbell.mail.imap.protocol.ImapWire;
import java.util.List;
import org.eclipse.angus.mail.iap.Argument;

/** Asks a server to tell of messages that come to mailboxes which are not open (RFC 5465). */
final class Notify {
    private Notify() {}

    /**
     * From now on the server tells of the mailbox that is open as before, and of the others by
     * untagged STATUS responses.
     *
     * @param others mailboxes besides the one that is kept open, as the server spells them
     * @return whether it will
     */
    static boolean ask(ImapWire wire, Capabilities capabilities, List<String> others) {
        if (!capabilities.has("NOTIFY") || !wire.host().notifies()) {
            return false;
        }
        Argument names = new Argument();
        others.forEach(names::writeString);
        // Delayed: a message number keeps its meaning while a command runs (section 6.2).
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
                        "NOTIFY",
                        arguments,
                        BoundedResponses.USUAL_LIMIT,
                        ImapWire.Untagged.IGNORED)
                .ok();
    }

    private static Argument events() {
        Argument events = new Argument();
        events.writeAtom("MessageNew");
        events.writeAtom("MessageExpunge");
        return events;
    }
}
