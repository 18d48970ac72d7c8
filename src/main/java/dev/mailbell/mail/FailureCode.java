package dev.mailbell.mail;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Why a mailbox could not be read; the names are part of the HTTP contract. */
public enum FailureCode {
    AUTH_FAILED,
    TOKEN_REFUSED,
    CONNECT_FAILED,
    TLS_FAILED,
    TIMEOUT,
    TOO_MANY_CONNECTIONS,
    RATE_LIMITED,
    MAILBOX_MISSING,
    MAILBOX_LOCKED,
    SERVER_ERROR,
    PROTOCOL_ERROR,
    BLOCKED_ADDRESS;

    /** The name on the wire, for example {@code auth_failed}. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The code of a wire name; empty for one of another version. */
    public static Optional<FailureCode> ofWireName(String name) {
        return Arrays.stream(values()).filter(code -> code.wireName().equals(name)).findFirst();
    }

    /**
     * Whether only the account's owner can correct the failure, so that a retry with the same login
     * is pointless.
     */
    public boolean needsOwner() {
        return this == AUTH_FAILED || this == TOKEN_REFUSED;
    }

    /** Whether the server wants fewer connections or logins, and did not judge the password. */
    public boolean isOfLimit() {
        return this == TOO_MANY_CONNECTIONS || this == RATE_LIMITED;
    }

    /** Whether the failure indicates a problem of the mail host and not only of the account. */
    public boolean isOfHost() {
        return switch (this) {
            case CONNECT_FAILED,
                    TLS_FAILED,
                    TIMEOUT,
                    TOO_MANY_CONNECTIONS,
                    RATE_LIMITED,
                    SERVER_ERROR,
                    PROTOCOL_ERROR ->
                    true;
            case AUTH_FAILED, TOKEN_REFUSED, MAILBOX_MISSING, MAILBOX_LOCKED, BLOCKED_ADDRESS ->
                    false;
        };
    }
}
