package dev.mailbell.routing.notice;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The kinds of rows of which changes are noticed; the triggers of the tables write the names. */
public enum NoticeKind {
    /** Registered, or changed by its client. */
    ACCOUNT,
    ACCOUNT_REMOVED,
    /** Created, removed, or changed by its client, or deliveries of it were made pending. */
    WEBHOOK,
    /** The health of the endpoint, which the nodes write that deliver. */
    WEBHOOK_HEALTH,
    /** Its limits, or its erasure. */
    CLIENT,
    /** Revoked, rotated, or given another expiry. */
    API_KEY,
    OAUTH_APP,
    /** The operator wants every node to read its configuration again. */
    CONFIGURATION;

    /** The name in the table. */
    String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Empty for a kind of a newer version. */
    static Optional<NoticeKind> ofWireName(String name) {
        return Arrays.stream(values()).filter(kind -> kind.wireName().equals(name)).findFirst();
    }
}
