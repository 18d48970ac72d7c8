package dev.mailbell.mail.pop3.protocol;

/**
 * Commands that travel together where the server takes them so (PIPELINING, RFC 2449, section 6.6)
 * and one by one elsewhere. {@link #next()} is called for each; after it the caller reads what
 * follows the status line, if anything does.
 */
public final class CommandBatch {
    private final Pop3Wire wire;
    private final boolean pipelining;
    private final String[] commands;
    private int answered;

    public CommandBatch(Pop3Wire wire, boolean pipelining, String... commands) {
        this.wire = wire;
        this.pipelining = pipelining;
        this.commands = commands;
        if (pipelining) {
            wire.send(commands);
        }
    }

    /** The status of the next command, which nothing may precede. */
    public Reply next() {
        ask();
        return wire.readReply();
    }

    /** The status of the next command, behind what may be left over of the answer before. */
    public Reply nextStatus() {
        ask();
        return wire.nextStatus();
    }

    private void ask() {
        if (!pipelining) {
            wire.send(commands[answered]);
        }
        answered++;
    }

    /**
     * Gives up the commands that are left, which must be such with answers of one line: what is
     * under way is read and dropped.
     */
    public void abandon() {
        while (pipelining && answered < commands.length) {
            nextStatus();
        }
        answered = commands.length;
    }
}
