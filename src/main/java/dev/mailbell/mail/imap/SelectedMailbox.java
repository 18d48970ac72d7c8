package dev.mailbell.mail.imap;

import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.Numbers;
import dev.mailbell.mail.imap.protocol.Reply;
import dev.mailbell.mail.imap.protocol.SharedResponse;

/** The mailbox that is selected, kept up to date by whatever the server says along the way. */
final class SelectedMailbox implements ImapWire.Untagged {
    private final String mailbox;
    private int exists = -1;
    private long uidValidity = -1;
    private long uidNext = -1;
    private int version;
    private int arrivals;
    private int arrivalsLooked;
    private boolean removals;
    private boolean grown;
    private int recent;
    private boolean recentFollows;

    SelectedMailbox(String mailbox) {
        this.mailbox = mailbox;
    }

    @Override
    public void accept(SharedResponse line) {
        if (line.keyEquals("EXISTS")) {
            take(line.getNumber());
        } else if (line.keyEquals("RECENT")) {
            takeRecent(line.getNumber());
        } else if (line.keyEquals("EXPUNGE") && exists > 0) {
            exists--;
            version++;
            removals = true;
        } else if (line.isOK()) {
            take(Reply.of(line));
        } else if (line.getKey() != null
                && Numbers.messages(line.getKey()) == Integer.MAX_VALUE
                && "EXISTS".equalsIgnoreCase(line.readAtom())) {
            // Angus takes a number beyond an int for the response's name.
            take(Integer.MAX_VALUE);
        }
    }

    private void take(int messages) {
        removals |= messages < exists;
        recentFollows = exists >= 0;
        grown |= messages > exists;
        exists = messages;
        version++;
        arrivals++;
    }

    /** RECENT comes with EXISTS; only one that comes alone and says more than before is a hint. */
    private void takeRecent(int number) {
        if (number > recent && !recentFollows) {
            arrivals++;
        }
        recent = number;
        recentFollows = false;
    }

    /** Takes what a status response's code tells. */
    void take(Reply reply) {
        switch (reply.code()) {
            case "UIDVALIDITY" -> uidValidity = Numbers.opaque(reply.arguments().strip());
            case "UIDNEXT" -> uidNext = Numbers.parse(reply.arguments().strip());
            default -> {
                // Flags and hints, which mean nothing to one who only counts.
            }
        }
    }

    /** Takes from a STATUS of the same mailbox what its opening left out. */
    void complete(Status status) {
        if (uidValidity < 1 && status.uidValidity() > 0) {
            uidValidity = status.uidValidity();
        }
        if (exists < 0 && status.messages() >= 0) {
            exists = (int) status.messages();
        }
    }

    /** The name in Unicode. */
    String mailbox() {
        return mailbox;
    }

    /** How many messages there are now; -1 when the server has not said. */
    int exists() {
        return exists;
    }

    /** 1 or more; -1 when absent. */
    long uidValidity() {
        return uidValidity;
    }

    /** 1 or more; -1 when absent. */
    long uidNext() {
        return uidNext >= 1 ? uidNext : -1;
    }

    /** A look has seen the mailbox as it is. */
    void lookEnds() {
        removals = false;
    }

    /** Whether messages have gone since the last look ended. */
    boolean hasRemovals() {
        return removals;
    }

    /** A look begins: whatever is told from now on, it may have missed. */
    void lookBegins() {
        arrivalsLooked = arrivals;
        grown = false;
    }

    /** Whether, since the last look began, the server has told of more messages than it had. */
    boolean hasGrown() {
        return grown;
    }

    /** Whether the server has told of messages since the last look began. */
    boolean hasNews() {
        return arrivals != arrivalsLooked;
    }

    /** Changes whenever messages come or go. */
    int version() {
        return version;
    }
}
