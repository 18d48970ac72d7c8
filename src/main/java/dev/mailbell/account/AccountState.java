package dev.mailbell.account;

import java.util.Locale;

/** The state of an account; the names are part of the HTTP contract. */
public enum AccountState {
    /** Registered or given a new login, and not yet seen. */
    CONNECTING,
    WATCHING,
    /** The last check failed; the next one waits longer. */
    RETRYING,
    /** Only the client can correct the cause: a bad login, a revoked token. */
    PARKED,
    /** The client asked for no checks. */
    PAUSED;

    /** The name on the wire, for example {@code watching}. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The state of a wire name; empty when there is none such. */
    public static java.util.Optional<AccountState> ofWireName(String name) {
        return java.util.Arrays.stream(values())
                .filter(state -> state.wireName().equals(name))
                .findFirst();
    }
}
