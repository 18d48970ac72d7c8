package dev.mailbell.api.request;

import dev.mailbell.mail.Protocol;
import java.time.Duration;
import java.util.Set;

/** What the operator configured, as far as requests are held against it; may change at any time. */
public interface RequestPolicy {

    /** Whether an account uses IDLE when it does not say. */
    boolean push(Protocol protocol, String host);

    /** How often an account is looked at when it does not say. */
    Duration interval(Protocol protocol, String host);

    /** The shortest interval that an account may ask for. */
    Duration shortestInterval(Protocol protocol);

    /** The longest interval that an account may ask for. */
    Duration longestInterval(Protocol protocol);

    /**
     * The ports that webhooks may have where their address is not in {@code network.allowPrivate}.
     */
    Set<Integer> webhookPorts();

    /** How many requests a second one key may send, more than 0. */
    double requestsPerSecond();

    long accountsPerClient();
}
