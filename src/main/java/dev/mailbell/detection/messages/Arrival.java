package dev.mailbell.detection.messages;

/** When a message reached the server, relative to the previous check. */
public enum Arrival {
    /** Before the previous check. */
    BEFORE,
    SINCE,
    UNKNOWN
}
