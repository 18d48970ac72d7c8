package dev.mailbell.watch;

/** What made a look happen; the names are in announcements and metrics. */
enum Source {
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

    Source(String wireName) {
        this.wireName = wireName;
    }

    String wireName() {
        return wireName;
    }
}
