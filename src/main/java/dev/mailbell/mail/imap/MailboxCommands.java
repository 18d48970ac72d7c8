package dev.mailbell.mail.imap;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.imap.login.IdCommand;
import dev.mailbell.mail.imap.protocol.BoundedResponses;
import dev.mailbell.mail.imap.protocol.Capabilities;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.ParenthesizedData;
import dev.mailbell.mail.imap.protocol.Refusals;
import dev.mailbell.mail.imap.protocol.Reply;
import dev.mailbell.mail.imap.protocol.SharedResponse;
import java.util.List;
import java.util.function.Consumer;
import org.eclipse.angus.mail.iap.Argument;
import org.jspecify.annotations.Nullable;

/** The commands of the authenticated and the selected state, as far as they change nothing. */
final class MailboxCommands {
    /** Long lists of recipients. */
    private static final int ENVELOPE_LIMIT = 4 << 20;

    private final ImapWire wire;
    private final Capabilities capabilities;
    private final MailboxSpellings.OfLogin spellings;
    private final IdCommand identity;
    private final StatusCommands statuses;
    private final ProofLadder ladder;
    private final UidQueries uids;
    private @Nullable SelectedMailbox selected;
    private @Nullable String keptOpen;
    private boolean newsElsewhere;

    MailboxCommands(
            ImapWire wire,
            Capabilities capabilities,
            ProofLadder ladder,
            MailboxSpellings.OfLogin spellings) {
        this.wire = wire;
        this.capabilities = capabilities;
        this.spellings = spellings;
        this.identity = new IdCommand(wire);
        this.statuses = new StatusCommands(wire, capabilities, spellings);
        this.ladder = ladder;
        this.uids = new UidQueries(wire, capabilities, ladder);
        wire.always(this::take);
    }

    /** What the host may be asked for. */
    ProofLadder ladder() {
        return ladder;
    }

    /** Questions of the selected mailbox's UIDs. */
    UidQueries uids() {
        return uids;
    }

    private void take(SharedResponse line) {
        if (selected != null) {
            selected.accept(line.rewound());
        }
        // A STATUS that was not asked for tells of another mailbox (RFC 5465, section 4).
        if (line.rewound().keyEquals("STATUS")) {
            newsElsewhere |= statuses.isNews(line);
        } else if (line.isOK() && Reply.of(line).code().equals("NOTIFICATIONOVERFLOW")) {
            // Section 5.8: it tells of nothing any more; a new connection asks again.
            wire.host().overflowed();
            throw new MailFailure(
                    FailureCode.CONNECT_FAILED, "the server has too much to tell of by NOTIFY");
        }
    }

    /**
     * From now on the first of these mailboxes is looked at by opening it, and stays open; the
     * server is asked to tell of the others.
     *
     * @return whether it will
     */
    boolean push(List<String> names) {
        keptOpen = names.getFirst();
        List<String> others = names.subList(1, names.size());
        boolean all =
                others.isEmpty()
                        || Notify.ask(
                                wire, capabilities, others.stream().map(spellings::raw).toList());
        statuses.expectUnasked(others, all);
        return all;
    }

    /** The mailbox that is kept open, if it is open; null when it is not. */
    @Nullable SelectedMailbox keptOpen() {
        return keptOpen == null ? null : open(keptOpen);
    }

    /** A mailbox that is open; null when it is not. */
    @Nullable SelectedMailbox open(String mailbox) {
        return isSelected(mailbox) ? selected : null;
    }

    /** Mailboxes that are not open are about to be looked at: hints about them are used up. */
    void forgetNewsElsewhere() {
        newsElsewhere = false;
    }

    /** Whether the server has sent a hint about a mailbox that is not open. */
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
        statuses.askAhead(closed);
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
        return statuses.of(mailbox);
    }

    /** The same of the mailbox that is open, where its opening left something out. */
    Status statusOfOpen(String mailbox) {
        return statuses.of(mailbox);
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
     * Opens a mailbox for reading. A name that the server does not know is looked up in its list,
     * for it may spell it in another way.
     *
     * @throws MailFailure mailbox_missing; then the session can go on
     */
    SelectedMailbox examine(String mailbox) {
        for (int attempt = 1; ; attempt++) {
            SelectedMailbox opening = new SelectedMailbox(mailbox);
            selected = opening;
            Argument name = new Argument();
            name.writeString(spellings.raw(mailbox));
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
            boolean unknown =
                    failure.code() == FailureCode.MAILBOX_MISSING || reply.kind() == Reply.Kind.BAD;
            if (unknown && spellings.lookUp(mailbox, () -> MailboxList.ifGiven(wire))) {
                continue;
            }
            if (failure.code() == FailureCode.MAILBOX_MISSING
                    && !Refusals.saysMissing(reply)
                    && MailboxList.has(wire, spellings.raw(mailbox))) {
                throw Refusals.ofListedMailbox(reply, mailbox);
            }
            // Who gets "Unsafe Login" although it sent ID before LOGIN may have to repeat it.
            if (failure.code() != FailureCode.AUTH_FAILED
                    || attempt > 1
                    || !capabilities.has("ID")) {
                throw failure;
            }
            identity.exchange();
        }
    }

    /** Lets the server say what has changed. */
    void noop() {
        wire.command("NOOP");
    }

    /** Takes the attributes of a message with its number. */
    interface Numbered {
        void accept(long number, ParenthesizedData.Group attributes);
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
    void fetch(String uids, String attributes, Consumer<ParenthesizedData.Group> taker) {
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
    static ParenthesizedData.Group attributes(SharedResponse line) {
        List<@Nullable Object> items = ParenthesizedData.parse(line.getRest()).items();
        return !items.isEmpty() && items.getFirst() instanceof ParenthesizedData.Group group
                ? group
                : new ParenthesizedData.Group(List.of());
    }

    /** The names of the mailboxes that can be opened, in Unicode; at most 10,000. */
    List<String> list() {
        return MailboxList.readable(MailboxList.askedFor(wire));
    }
}
