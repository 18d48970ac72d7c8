package dev.mailbell.mail.imap;

import dev.mailbell.mark.ImapMark;

/** The mailbox that is selected, kept up to date by whatever the server says along the way. */
final class Selected implements ImapWire.Untagged {
    private final String mailbox;
    private int exists = -1;
    private long uidValidity = -1;
    private long uidNext = -1;
    private int version;
    private int arrivals;
    private int arrivalsLooked;

    Selected(String mailbox) {
        this.mailbox = mailbox;
    }

    @Override
    public void accept(Line line) {
        if (line.keyEquals("EXISTS")) {
            exists = line.getNumber();
            version++;
            arrivals++;
        } else if (line.keyEquals("EXPUNGE") && exists > 0) {
            exists--;
            version++;
        } else if (line.isOK()) {
            take(Reply.of(line));
        }
    }

    /** Takes what a status response's code tells. */
    void take(Reply reply) {
        switch (reply.code()) {
            case "UIDVALIDITY" -> uidValidity = Numbers.parse(reply.arguments());
            case "UIDNEXT" -> uidNext = Numbers.parse(reply.arguments());
            default -> {
                // Flags and hints, which mean nothing to one who only counts.
            }
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

    /** 1 to 4,294,967,295; -1 when absent or out of range. */
    long uidValidity() {
        return uidValidity >= 1 && uidValidity < ImapMark.UID_LIMIT ? uidValidity : -1;
    }

    /** 1 to 4,294,967,296; -1 when absent or out of range. */
    long uidNext() {
        return uidNext >= 1 && uidNext <= ImapMark.UID_LIMIT ? uidNext : -1;
    }

    /** A look begins: whatever is told from now on, it may have missed. */
    void lookBegins() {
        arrivalsLooked = arrivals;
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
