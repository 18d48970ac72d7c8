package dev.mailbell.mail.imap;

import dev.mailbell.mail.MailboxNames;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.angus.mail.iap.Argument;
import org.jspecify.annotations.Nullable;

/** Asks how mailboxes are without opening them: one by one, or all at once (RFC 5819). */
final class Statuses {
    private final ImapWire wire;
    private final Map<String, Status> ahead = new HashMap<>();
    private boolean helps = true;
    private boolean allAtOnce;

    Statuses(ImapWire wire, Capabilities capabilities) {
        this.wire = wire;
        this.allAtOnce = capabilities.has("LIST-STATUS") && capabilities.has("LIST-EXTENDED");
    }

    /** Whether an answer is worth the round trip: 163 knows nothing of UIDNEXT. */
    boolean help() {
        return helps;
    }

    /** Asks for several mailboxes, none of them selected; {@link #of} has the answers, once. */
    void askAhead(List<String> mailboxes) {
        ahead.clear();
        Map<String, String> names = new HashMap<>();
        Argument patterns = new Argument();
        for (String mailbox : mailboxes) {
            String raw = MailboxNames.encode(mailbox);
            // A name with wildcards would be a pattern for others.
            if (raw.indexOf('*') < 0 && raw.indexOf('%') < 0 && names.put(raw, mailbox) == null) {
                patterns.writeString(raw);
            }
        }
        if (!allAtOnce || !helps || names.size() < 2) {
            return;
        }
        Argument status = new Argument();
        status.writeAtom("STATUS");
        status.writeArgument(items());
        Argument arguments = new Argument();
        arguments.writeString("");
        arguments.writeArgument(patterns);
        arguments.writeAtom("RETURN");
        arguments.writeArgument(status);
        Reply reply =
                wire.command(
                        "LIST", arguments, BoundedResponses.USUAL_LIMIT, line -> take(line, names));
        if (!reply.ok()) {
            allAtOnce = false;
            ahead.clear();
        }
    }

    /** How a mailbox is; all unknown where only EXAMINE will tell. */
    Status of(String mailbox) {
        Status known = ahead.remove(mailbox);
        if (known != null) {
            return known;
        }
        String raw = MailboxNames.encode(mailbox);
        Argument arguments = new Argument();
        arguments.writeString(raw);
        arguments.writeArgument(items());
        Reply reply =
                wire.command(
                        "STATUS",
                        arguments,
                        BoundedResponses.USUAL_LIMIT,
                        line -> take(line, Map.of(raw, mailbox)));
        Status told = ahead.remove(mailbox);
        if (!reply.ok() || told == null) {
            return Status.UNKNOWN;
        }
        helps = told.uidNext() > 0;
        return told;
    }

    /** Keeps a STATUS of one of the mailboxes asked for; of any other it proves nothing. */
    private void take(Line line, Map<String, String> names) {
        if (!line.keyEquals("STATUS")) {
            return;
        }
        Items.Group parts = Items.parse(line.getRest());
        String name = parts.text(0);
        String mailbox = name == null ? null : named(name, names);
        if (mailbox != null
                && parts.items().size() == 2
                && parts.items().get(1) instanceof Items.Group attributes) {
            ahead.put(mailbox, Status.parse(attributes));
        }
    }

    private static @Nullable String named(String name, Map<String, String> names) {
        return names.get(MailboxNames.isInbox(name) ? "INBOX" : name);
    }

    private static Argument items() {
        Argument items = new Argument();
        items.writeAtom("MESSAGES");
        items.writeAtom("UIDNEXT");
        items.writeAtom("UIDVALIDITY");
        return items;
    }
}
