package dev.mailbell.mail.servers;

import dev.mailbell.mail.Protocol;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** The mail of one user: how it changes, and the truth about it. */
public interface RealMailbox {
    String INBOX = "INBOX";

    /** What can happen to a mailbox between two checks. */
    enum Step {
        ARRIVE,
        REMOVE,
        FLAG,
        /** A message is moved to another folder and back: it gets a new UID. */
        MOVE,
        /** The folder is deleted and made anew. */
        RECREATE,
        /** The server's own index files are removed or written anew. */
        REINDEX
    }

    /** The name to log in with. */
    String user();

    /** The name of a second mailbox as the server spells it. */
    String folder();

    /** What a mailbox of this server can go through while it is watched over a protocol. */
    Set<Step> steps(Protocol protocol);

    /** Delivers so many messages, each with a Message-ID of its own. */
    void deliver(String mailbox, int count, Instant received);

    /**
     * What identifies each message that is there now, in the order of arrival. A message that was
     * moved away and back is another one.
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
