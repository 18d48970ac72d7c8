package dev.mailbell.mail.imap;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailboxNames;
import dev.mailbell.mark.UidSet;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.eclipse.angus.mail.iap.Argument;
import org.jspecify.annotations.Nullable;

/** The commands of the authenticated and the selected state, as far as they change nothing. */
final class Mailboxes {
    /** Long lists of recipients. */
    private static final int ENVELOPE_LIMIT = 4 << 20;

    private static final int LIST_LIMIT = 10_000;

    private final ImapWire wire;
    private final Capabilities capabilities;
    private final Identity identity;
    private final Statuses statuses;
    private final Ladder ladder;
    private final UidQueries uids;
    private @Nullable Selected selected;
    private @Nullable String keptOpen;
    private List<String> asked = List.of();
    private boolean newsElsewhere;

    Mailboxes(ImapWire wire, Capabilities capabilities, Ladder ladder) {
        this.wire = wire;
        this.capabilities = capabilities;
        this.identity = new Identity(wire);
        this.statuses = new Statuses(wire, capabilities);
        this.ladder = ladder;
        this.uids = new UidQueries(wire, capabilities, ladder);
        wire.always(this::take);
    }

    /** What the host may be asked for. */
    Ladder ladder() {
        return ladder;
    }

    /** Questions of the selected mailbox's UIDs. */
    UidQueries uids() {
        return uids;
    }

    private void take(Line line) {
        if (selected != null) {
            selected.accept(line.rewound());
        }
        // A STATUS that nobody asked for tells of another mailbox (RFC 5465, section 4).
        if (line.rewound().keyEquals("STATUS")) {
            String raw = Items.parse(line.getRest()).text(0);
            newsElsewhere |= raw == null || !asked.contains(named(raw));
        } else if (line.isOK() && Reply.of(line).code().equals("NOTIFICATIONOVERFLOW")) {
            // Section 5.8: it tells of nothing any more; a new connection asks again.
            throw new MailFailure(
                    FailureCode.CONNECT_FAILED, "the server has too much to tell of by NOTIFY");
        }
    }

    private static String named(String raw) {
        return MailboxNames.isInbox(raw) ? "INBOX" : MailboxNames.decode(raw);
    }

    /** From now on this mailbox is looked at by opening it, and stays open. */
    void keepOpen(String mailbox) {
        keptOpen = mailbox;
    }

    /** The mailbox that is kept open, if it is open; null when it is not. */
    @Nullable Selected keptOpen() {
        return keptOpen == null ? null : open(keptOpen);
    }

    /** A mailbox that is open; null when it is not. */
    @Nullable Selected open(String mailbox) {
        return isSelected(mailbox) ? selected : null;
    }

    /** Whether the server told of a mailbox that is not open since this was asked last. */
    boolean hadNewsElsewhere() {
        boolean had = newsElsewhere;
        newsElsewhere = false;
        return had;
    }

    /** The same, and it goes on being true. */
    boolean hasNewsElsewhere() {
        return newsElsewhere;
    }

    /** Whether this mailbox is the selected one. */
    boolean isSelected(String mailbox) {
        return selected != null && selected.mailbox().equals(mailbox);
    }

    /**
     * Asks how several mailboxes are, so that {@link #status} need not ask for each; in one round
     * trip where the server can.
     */
    void askAhead(List<String> mailboxes) {
        List<String> names = mailboxes.stream().filter(name -> !name.equals(keptOpen)).toList();
        boolean opened = selected != null && names.contains(selected.mailbox());
        List<String> closed =
                opened && !unselect()
                        ? names.stream().filter(name -> !isSelected(name)).toList()
                        : names;
        asking(
                closed,
                () -> {
                    statuses.askAhead(closed);
                    return closed;
                });
    }

    private <T> T asking(List<String> names, Supplier<T> question) {
        asked = names;
        try {
            return question.get();
        } finally {
            asked = List.of();
        }
    }

    /**
     * Asks how a mailbox is without opening it.
     *
     * @return what is known; all unknown where only {@link #examine} will tell
     */
    Status status(String mailbox) {
        if (!statuses.help() || mailbox.equals(keptOpen) || isSelected(mailbox) && !unselect()) {
            return Status.UNKNOWN;
        }
        return asking(List.of(mailbox), () -> statuses.of(mailbox));
    }

    /**
     * Leaves the selected mailbox. Never by CLOSE, which removes messages where a server takes
     * EXAMINE for SELECT.
     */
    private boolean unselect() {
        if (!capabilities.has("UNSELECT")) {
            return false;
        }
        boolean left = wire.command("UNSELECT").ok();
        if (left) {
            selected = null;
        }
        return left;
    }

    /**
     * Opens a mailbox for reading.
     *
     * @throws MailFailure mailbox_missing; then the session can go on
     */
    Selected examine(String mailbox) {
        for (int attempt = 1; ; attempt++) {
            Selected opening = new Selected(mailbox);
            selected = opening;
            Argument name = new Argument();
            name.writeString(MailboxNames.encode(mailbox));
            Reply reply =
                    wire.command(
                            "EXAMINE",
                            name,
                            BoundedResponses.USUAL_LIMIT,
                            ImapWire.Untagged.IGNORED);
            if (reply.ok()) {
                opening.take(reply);
                return opening;
            }
            selected = null;
            MailFailure failure = Refusals.ofMailbox(reply, mailbox);
            if (failure.code() == FailureCode.MAILBOX_MISSING
                    && !Refusals.saysMissing(reply)
                    && isListed(MailboxNames.encode(mailbox))) {
                throw Refusals.ofListedMailbox(reply, mailbox);
            }
            // Who gets "Unsafe Login" although it sent ID before LOGIN may have to repeat it.
            if (failure.code() != FailureCode.AUTH_FAILED
                    || attempt > 1
                    || !capabilities.has("ID")) {
                throw failure;
            }
            identity.send();
        }
    }

    /**
     * Whether the server lists a mailbox that it does not open.
     *
     * @param raw the name as the server spells it
     */
    private boolean isListed(String raw) {
        if (raw.indexOf('*') >= 0 || raw.indexOf('%') >= 0) {
            // As a pattern the name would list others.
            return false;
        }
        boolean[] listed = {false};
        Argument pattern = new Argument();
        pattern.writeString("");
        pattern.writeString(raw);
        Reply reply =
                wire.command(
                        "LIST",
                        pattern,
                        BoundedResponses.USUAL_LIMIT,
                        line -> {
                            if (line.keyEquals("LIST")) {
                                List<String> names = new ArrayList<>();
                                addName(names, Items.parse(line.getRest()));
                                listed[0] |= !names.isEmpty();
                            }
                        });
        return reply.ok() && listed[0];
    }

    /** Lets the server say what has changed. */
    void noop() {
        wire.command("NOOP");
    }

    /** Takes the attributes of a message with its number. */
    interface Numbered {
        void accept(long number, Items.Group attributes);
    }

    /** Fetches attributes of messages by their numbers; what the server leaves out is missing. */
    void fetchByNumber(String numbers, String attributes, Numbered taker) {
        Reply reply =
                wire.command(
                        "FETCH " + numbers + " " + attributes,
                        null,
                        ENVELOPE_LIMIT,
                        line -> {
                            if (line.keyEquals("FETCH")) {
                                taker.accept(line.getNumber(), attributes(line));
                            }
                        });
        if (!reply.ok() && !reply.code().equals("EXPUNGEISSUED")) {
            throw Refusals.ofCommand(reply, "to fetch " + attributes);
        }
    }

    /** Fetches attributes of messages, whichever of them are there and the server tells of. */
    void fetch(String uids, String attributes, Consumer<Items.Group> taker) {
        Reply reply =
                wire.command(
                        "UID FETCH " + uids + " " + attributes,
                        null,
                        ENVELOPE_LIMIT,
                        line -> {
                            if (line.keyEquals("FETCH")) {
                                taker.accept(attributes(line));
                            }
                        });
        if (!reply.ok() && !reply.code().equals("EXPUNGEISSUED")) {
            throw Refusals.ofCommand(reply, "to fetch " + attributes);
        }
    }

    /** The attributes of a FETCH response. */
    static Items.Group attributes(Line line) {
        List<@Nullable Object> items = Items.parse(line.getRest()).items();
        return !items.isEmpty() && items.getFirst() instanceof Items.Group group
                ? group
                : new Items.Group(List.of());
    }

    /** The names of the mailboxes that can be opened, in Unicode; at most 10,000. */
    List<String> list() {
        List<String> names = new ArrayList<>();
        Reply reply =
                wire.command(
                        "LIST \"\" \"*\"",
                        null,
                        BoundedResponses.USUAL_LIMIT,
                        line -> {
                            if (line.keyEquals("LIST") && names.size() < LIST_LIMIT) {
                                addName(names, Items.parse(line.getRest()));
                            }
                        });
        if (!reply.ok()) {
            throw Refusals.ofCommand(reply, "to list the mailboxes");
        }
        return names;
    }

    private static void addName(List<String> names, Items.Group entry) {
        String raw = entry.text(2);
        if (raw != null && entry.items().getFirst() instanceof Items.Group flags) {
            Iterator<@Nullable Object> each = flags.items().iterator();
            while (each.hasNext()) {
                if (each.next() instanceof Items.Text flag
                        && (flag.value().equalsIgnoreCase("\\Noselect")
                                || flag.value().equalsIgnoreCase("\\NonExistent"))) {
                    return;
                }
            }
            names.add(MailboxNames.decode(raw));
        }
    }
}
