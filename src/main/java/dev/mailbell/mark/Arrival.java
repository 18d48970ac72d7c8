package dev.mailbell.mark;

/** When a message reached the server. */
public enum Arrival {
    /** Before the look before. */
    BEFORE,
    SINCE,
    UNKNOWN
}
