package dev.mailbell.watch.admission;

/** What made a look happen; the names are in announcements and metrics. */
public enum CheckTrigger {
    /** The server told of new mail. */
    IDLE("idle"),
    /** The longest trust in a server's telling was over. */
    SAFETY("safety"),
    POLL("poll"),
    /** Somebody asked for it. */
    CHECK("check"),
    /** A client gave its position. */
    POSITION("position");

    private final String wireName;

    CheckTrigger(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }
}
