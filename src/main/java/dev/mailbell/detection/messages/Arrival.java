package dev.mailbell.detection.messages;

/** When a message reached the server. */
public enum Arrival {
    /** Before the look before. */
    BEFORE,
    SINCE,
    UNKNOWN
}
