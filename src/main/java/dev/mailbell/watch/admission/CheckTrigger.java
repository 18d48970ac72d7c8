package dev.mailbell.watch.admission;

/** The cause of a check; the names are in events and metrics. */
public enum CheckTrigger {
    /** The server gave a hint of new mail. */
    IDLE("idle"),
    /** The time was over for which a server is trusted to push. */
    SAFETY("safety"),
    POLL("poll"),
    /** A request of the API. */
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
