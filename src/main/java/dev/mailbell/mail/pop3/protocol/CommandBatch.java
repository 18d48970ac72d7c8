package dev.mailbell.mail.pop3.protocol;

/**
 * Commands that are sent together if the server supports that (PIPELINING, RFC 2449, section 6.6),
 * and otherwise one by one. The caller calls {@link #next()} for each command and then reads the
 * lines after its status line, if any.
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

    /** The status of the next command; another line before it is a failure. */
    public Reply next() {
        ask();
        return wire.readReply();
    }

    /** The status of the next command; lines left over from the previous answer are skipped. */
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
     * Drops the remaining commands, whose answers must have one line each: answers to commands
     * already sent are read and dropped.
     */
    public void abandon() {
        while (pipelining && answered < commands.length) {
            nextStatus();
        }
        answered = commands.length;
    }
}
