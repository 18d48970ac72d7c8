package dev.mailbell.detection.messages;

/**
 * How many gone messages stay known. A server may hide a message and show it again later, and it
 * must not be announced then. So gone messages are forgotten only when new ones arrive, two for
 * each new one, and none at a check that finds more than {@value #KEPT} gone at once. A maildrop
 * that is hidden as a whole stays known until new mail arrives.
 */
public final class GoneLimit {
    /** This many gone messages are kept; in a maildrop of more messages, as many as it has. */
    public static final int KEPT = 4096;

    private static final int FORGOTTEN_FOR_A_NEW_ONE = 2;

    private GoneLimit() {}

    /**
     * How many gone messages to forget, the oldest first.
     *
     * @param live messages that are present
     * @param gone gone messages that are known
     * @param fresh messages that this check found first
     * @param vanished messages that were present until this check
     */
    static int surplus(int live, int gone, int fresh, int vanished) {
        long aboveKept = gone - (long) Math.max(KEPT, live);
        long gradual =
                vanished > KEPT ? 0 : Math.min(aboveKept, (long) FORGOTTEN_FOR_A_NEW_ONE * fresh);
        long aboveAll = gone - (long) Math.max(KEPT, KnownMessages.MAX_MESSAGES - live);
        return (int) Math.max(0, Math.max(gradual, aboveAll));
    }
}
