package dev.mailbell.cli.api;

/**
 * The exit codes of all commands, besides the daemon's 3 when it runs out of memory; docs/cli.md
 * lists them.
 */
public final class ExitCodes {
    public static final int DONE = 0;
    public static final int FAILED = 1;
    public static final int USAGE = 2;

    /** The API answered with a problem; its code is in the message. */
    public static final int REFUSED = 5;

    /** No daemon answered, or not in time. */
    public static final int UNREACHABLE = 6;

    /** What the command names does not exist, or belongs to another client. */
    public static final int NOT_FOUND = 7;

    /** Some of several were done, and some failed. */
    public static final int PARTLY = 8;

    /** It may have been done: the connection broke before the answer. */
    public static final int UNKNOWN = 9;

    private ExitCodes() {}
}
