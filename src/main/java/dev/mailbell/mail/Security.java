package dev.mailbell.mail;

/** How a connection to a mail server is protected. */
public enum Security {
    /** TLS from the first byte (RFC 8314). */
    TLS,
    /** An upgrade by command that must succeed; never optional. */
    STARTTLS,
    /** Clear text; only for hosts the operator named. */
    NONE
}
