package dev.mailbell.event;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The types of events; the names are part of the HTTP contract. */
public enum EventType {
    MAIL_NEW,
    MAILBOX_BASELINE,
    MAILBOX_RESET,
    ACCOUNT_CONNECTED,
    ACCOUNT_RETRYING,
    ACCOUNT_PARKED,
    ACCOUNT_RECOVERED,
    ACCOUNT_STALE,
    WEBHOOK_FAILING,
    WEBHOOK_DISABLED,
    DELIVERY_FAILED,
    CANARY_LATE,
    WEBHOOK_TEST;

    /**
     * Whether the event is about a webhook. A delivery of such an event that fails raises no event:
     * two webhooks that fail would announce each other for ever.
     */
    public boolean isAboutWebhook() {
        return switch (this) {
            case WEBHOOK_FAILING, WEBHOOK_DISABLED, DELIVERY_FAILED, WEBHOOK_TEST -> true;
            case MAIL_NEW,
                    MAILBOX_BASELINE,
                    MAILBOX_RESET,
                    ACCOUNT_CONNECTED,
                    ACCOUNT_RETRYING,
                    ACCOUNT_PARKED,
                    ACCOUNT_RECOVERED,
                    ACCOUNT_STALE,
                    CANARY_LATE ->
                    false;
        };
    }

    /** The name on the wire, for example {@code mail.new}. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '.');
    }

    /** The type of a wire name; empty when it is unknown. */
    public static Optional<EventType> ofWireName(String name) {
        return Arrays.stream(values()).filter(type -> type.wireName().equals(name)).findFirst();
    }
}
