package dev.mailbell.mail.imap;

import dev.mailbell.mail.imap.protocol.Numbers;
import dev.mailbell.mail.imap.protocol.Reply;
import dev.mailbell.mail.imap.protocol.SharedResponse;
import dev.mailbell.mail.imap.protocol.UntaggedListener;

/** The state of the selected mailbox, updated by every response of the server. */
final class SelectedMailbox implements UntaggedListener {
    private final String mailbox;
    private int exists = -1;
    private long uidValidity = -1;
    private long uidNext = -1;
    private int version;
    private int arrivals;
    private int arrivalsChecked;
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
            // Angus parses a number beyond an int as the response's name.
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

    /** RECENT usually follows EXISTS; only a higher number without EXISTS is a hint. */
    private void takeRecent(int number) {
        if (number > recent && !recentFollows) {
            arrivals++;
        }
        recent = number;
        recentFollows = false;
    }

    /** Takes the values of a status response's code. */
    void take(Reply reply) {
        switch (reply.code()) {
            case "UIDVALIDITY" -> uidValidity = Numbers.opaque(reply.arguments().strip());
            case "UIDNEXT" -> uidNext = Numbers.parse(reply.arguments().strip());
            default -> {
                // Flags and other hints, which do not affect the count.
            }
        }
    }

    /** Adds the values of a STATUS response that the answer to EXAMINE lacked. */
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

    /** The current number of messages; -1 if the server has not given it. */
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

    /** Ends a check, which has seen all removals so far. */
    void endCheck() {
        removals = false;
    }

    /** Whether messages were removed since the last check ended. */
    boolean hasRemovals() {
        return removals;
    }

    /** Begins a check; it may miss what the server reports from now on. */
    void beginCheck() {
        arrivalsChecked = arrivals;
        grown = false;
    }

    /** Whether the server has reported a higher number of messages since the last check began. */
    boolean hasGrown() {
        return grown;
    }

    /** Whether the server has reported messages since the last check began. */
    boolean hasHint() {
        return arrivals != arrivalsChecked;
    }

    /** A number that changes whenever messages are added or removed. */
    int version() {
        return version;
    }
}
