package dev.mailbell.mail.imap;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
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
import dev.mailbell.mail.imap.protocol.UntaggedListener;
import java.util.List;
import java.util.function.Consumer;
import org.eclipse.angus.mail.iap.Argument;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The read-only commands of the authenticated and the selected state. */
final class MailboxCommands {
    private static final Logger LOG = LoggerFactory.getLogger(MailboxCommands.class);

    /** Octets of a FETCH response; envelopes may contain long lists of recipients. */
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
    private boolean hintElsewhere;

    MailboxCommands(
            ImapWire wire,
            Capabilities capabilities,
            ProofLadder ladder,
            MailboxSpellings.OfLogin spellings) {
        this.wire = wire;
        this.capabilities = capabilities;
        this.spellings = spellings;
        this.identity = new IdCommand(wire);
        this.statuses = new StatusCommands(wire, capabilities, ladder, spellings);
        this.ladder = ladder;
        this.uids = new UidQueries(wire, capabilities, ladder);
        wire.onUntagged(this::take);
    }

    /** The proofs that may be used at the host. */
    ProofLadder ladder() {
        return ladder;
    }

    /** The queries for the UIDs of the selected mailbox. */
    UidQueries uids() {
        return uids;
    }

    private void take(SharedResponse line) {
        if (selected != null) {
            selected.accept(line.rewound());
        }
        // An unsolicited STATUS reports another mailbox (RFC 5465, section 4).
        if (line.rewound().keyEquals("STATUS")) {
            hintElsewhere |= statuses.isHint(line);
        } else if (line.isOK() && Reply.of(line).code().equals("NOTIFICATIONOVERFLOW")) {
            // Section 5.8: the server sends no more notifications; a new connection requests them
            // again.
            wire.host().overflowed();
            throw new MailFailure(
                    FailureCode.CONNECT_FAILED, "the server has too much to tell of by NOTIFY");
        }
    }

    /**
     * From now on the first of these mailboxes is opened for its checks and stays open; the server
     * is asked to report the others.
     *
     * @return whether the server accepted that
     */
    boolean push(List<String> names) {
        keptOpen = names.getFirst();
        List<String> others = names.subList(1, names.size());
        boolean all =
                others.isEmpty()
                        || Notify.ask(
                                wire, capabilities, others.stream().map(spellings::raw).toList());
        statuses.expectUnsolicited(others, all);
        return all;
    }

    /** The mailbox that is kept open, if it is open; null when it is not. */
    @Nullable SelectedMailbox keptOpen() {
        return keptOpen == null ? null : open(keptOpen);
    }

    /** The mailbox if it is open; null otherwise. */
    @Nullable SelectedMailbox open(String mailbox) {
        return isSelected(mailbox) ? selected : null;
    }

    /** Clears the hints about mailboxes that are not open, before these are checked. */
    void clearHintElsewhere() {
        hintElsewhere = false;
    }

    /** Whether the server has sent a hint about a mailbox that is not open. */
    boolean hasHintElsewhere() {
        return hintElsewhere;
    }

    /** Whether this mailbox is the selected one. */
    boolean isSelected(String mailbox) {
        return selected != null && selected.mailbox().equals(mailbox);
    }

    /**
     * Reads the status of several mailboxes in one round trip where the server supports that;
     * {@link #status} returns it later.
     */
    void prefetch(List<String> mailboxes) {
        List<String> names = mailboxes.stream().filter(name -> !name.equals(keptOpen)).toList();
        boolean opened = selected != null && names.contains(selected.mailbox());
        List<String> closed =
                opened && !unselect()
                        ? names.stream().filter(name -> !isSelected(name)).toList()
                        : names;
        statuses.prefetch(closed);
    }

    /**
     * Reads the status of a mailbox without opening it.
     *
     * @return the status; all unknown where only {@link #examine} gives it
     */
    Status status(String mailbox) {
        if (!statuses.isUseful()
                || mailbox.equals(keptOpen)
                || isSelected(mailbox) && !unselect()) {
            return Status.UNKNOWN;
        }
        return statuses.of(mailbox);
    }

    /** Reads the status of the open mailbox once more, after leaving it where that is possible. */
    Status statusAgain(String mailbox) {
        unselect();
        return statuses.of(mailbox);
    }

    /** Reads the status of the open mailbox, where the answer to EXAMINE was incomplete. */
    Status statusOfOpen(String mailbox) {
        return statuses.of(mailbox);
    }

    /**
     * Unselects the mailbox. Never by CLOSE, which removes messages at servers that treat EXAMINE
     * like SELECT.
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
     * Opens a mailbox read-only. A name that the server does not know is looked up in its list of
     * mailboxes, where it may be encoded in another way.
     *
     * @throws MailFailure mailbox_missing, after which the session is still usable
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
                            UntaggedListener.IGNORED);
            if (reply.ok()) {
                opening.take(reply);
                return opening;
            }
            selected = null;
            MailFailure failure = Refusals.ofMailbox(reply, mailbox);
            boolean unknown =
                    failure.code() == FailureCode.MAILBOX_MISSING || reply.kind() == Reply.Kind.BAD;
            if (unknown && spellings.refresh(mailbox, () -> MailboxList.ifGiven(wire))) {
                continue;
            }
            if (failure.code() == FailureCode.MAILBOX_MISSING
                    && !Refusals.saysMissing(reply)
                    && MailboxList.has(wire, spellings.raw(mailbox))) {
                throw Refusals.ofListedMailbox(reply, mailbox);
            }
            // 163 may answer "Unsafe Login" although ID was sent before LOGIN; then ID is repeated.
            if (failure.code() != FailureCode.AUTH_FAILED
                    || attempt > 1
                    || !capabilities.has("ID")) {
                throw failure;
            }
            identity.exchange();
        }
    }

    /** Lets the server report changes. */
    void noop() {
        wire.command("NOOP");
    }

    /** Consumes the attributes of a message and its number. */
    interface NumberedConsumer {
        void accept(long number, ParenthesizedData.Group attributes);
    }

    /**
     * Fetches attributes of messages by their numbers. A server that cannot read one of the
     * messages may omit it, and refuse after the others.
     */
    void fetchByNumber(String numbers, String attributes, NumberedConsumer consumer) {
        boolean[] given = {false};
        Reply reply =
                wire.command(
                        "FETCH " + numbers + " " + attributes,
                        null,
                        ENVELOPE_LIMIT,
                        line -> {
                            if (line.keyEquals("FETCH")) {
                                given[0] = true;
                                consumer.accept(line.getNumber(), attributes(line));
                            }
                        });
        acceptRefusal(reply, "to fetch " + attributes, given[0] && reply.kind() == Reply.Kind.NO);
    }

    /**
     * Fetches attributes of messages by their UIDs. A server that cannot read one of the messages
     * may omit it or refuse them all.
     *
     * @return whether the server did not refuse
     * @throws MailFailure when the connection is lost, or the server asks to wait
     */
    @CanIgnoreReturnValue
    boolean fetch(String uids, String attributes, Consumer<ParenthesizedData.Group> consumer) {
        Reply reply =
                wire.command(
                        "UID FETCH " + uids + " " + attributes,
                        null,
                        ENVELOPE_LIMIT,
                        line -> {
                            if (line.keyEquals("FETCH")) {
                                consumer.accept(attributes(line));
                            }
                        });
        return acceptRefusal(reply, "to fetch " + attributes, true);
    }

    @CanIgnoreReturnValue
    private static boolean acceptRefusal(Reply reply, String what, boolean accepted) {
        if (reply.ok() || reply.code().equals("EXPUNGEISSUED")) {
            return true;
        }
        MailFailure refusal = Refusals.ofCommand(reply, what);
        if (!accepted
                || refusal.code() != FailureCode.SERVER_ERROR
                        && refusal.code() != FailureCode.PROTOCOL_ERROR) {
            throw refusal;
        }
        LOG.debug("{}", refusal.reason());
        return false;
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
