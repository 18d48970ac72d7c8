package dev.mailbell.mail;

/** How a connection to a mail server is protected. */
public enum Security {
    /** TLS from the first byte (RFC 8314). */
    TLS,
    /** An upgrade by the command STARTTLS or STLS; the connection fails without it. */
    STARTTLS,
    /** Clear text; only for hosts that the operator has listed. */
    NONE
}
