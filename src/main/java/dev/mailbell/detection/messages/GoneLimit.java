package dev.mailbell.detection.messages;

/**
 * How many gone messages stay known. A message that is hidden and returns must not be announced, so
 * gone ones are forgotten only where new ones come: two for each, and none at a look at which very
 * many vanish at once. A maildrop of which everything is hidden is remembered whole for as long as
 * no other mail takes its place.
 */
public final class GoneLimit {
    /** Up to this many are kept, and in larger maildrops as many as are there. */
    public static final int KEPT = 4096;

    private static final int FORGOTTEN_FOR_A_NEW_ONE = 2;

    private GoneLimit() {}

    /**
     * How many gone messages to forget, the oldest first.
     *
     * @param live messages that are there
     * @param gone messages that are remembered besides
     * @param fresh messages that came with this look
     * @param vanished messages that went with this look
     */
    static int surplus(int live, int gone, int fresh, int vanished) {
        long aboveKept = gone - (long) Math.max(KEPT, live);
        long gradual =
                vanished > KEPT ? 0 : Math.min(aboveKept, (long) FORGOTTEN_FOR_A_NEW_ONE * fresh);
        long aboveAll = gone - (long) Math.max(KEPT, KnownMessages.MOST - live);
        return (int) Math.max(0, Math.max(gradual, aboveAll));
    }
}
