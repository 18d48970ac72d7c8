package dev.mailbell.mail.servers;

import dev.mailbell.mail.Protocol;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** The mail of one user, with operations that change it and its true content. */
public interface RealMailbox {
    String INBOX = "INBOX";

    /** What can happen to a mailbox between two checks. */
    enum Step {
        ARRIVE,
        REMOVE,
        FLAG,
        /** A message is moved to another folder and back: it gets a new UID. */
        MOVE,
        /** The folder is deleted and created again. */
        RECREATE,
        /** The server's index files are removed or rewritten. */
        REINDEX
    }

    /** The name to log in with. */
    String user();

    /** The name of a second mailbox as the server spells it. */
    String folder();

    /** The operations that this server supports while the mailbox is checked over a protocol. */
    Set<Step> steps(Protocol protocol);

    /** Delivers messages, each with its own Message-ID. */
    void deliver(String mailbox, int count, Instant received);

    /**
     * The identity of each present message, in the order of arrival. A message that was moved away
     * and back has a new one.
     */
    List<String> messages(String mailbox);

    void remove(String mailbox, String message);

    /** Marks a message as read. */
    void flag(String mailbox, String message);

    void moveAwayAndBack(String mailbox, String message);

    void recreate(String mailbox);

    void reindex(String mailbox);

    /**
     * Lets a client of the user open a mailbox for writing, as mail programs do.
     *
     * @return how many messages the server calls recent
     */
    int openForWriting(String mailbox);

    /** How many messages a mail program shows as unread. */
    int unread(String mailbox);
}
