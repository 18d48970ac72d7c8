package dev.mailbell.api.request;

import dev.mailbell.mail.Protocol;
import java.time.Duration;
import java.util.Set;

/** The operator's limits and defaults for requests; a reload may change them at any time. */
public interface RequestPolicy {

    /** The default of {@code watch.push}: whether IDLE is used. */
    boolean push(Protocol protocol, String host);

    /** The default of {@code watch.interval}. */
    Duration interval(Protocol protocol, String host);

    /** The shortest interval that an account may ask for. */
    Duration minInterval(Protocol protocol);

    /** The longest interval that an account may ask for. */
    Duration maxInterval(Protocol protocol);

    /**
     * The ports that webhook URLs may have; addresses in {@code network.allowPrivate} may have any.
     */
    Set<Integer> webhookPorts();

    /** Whether the operator has named this way out ({@code network.egress}). */
    boolean isWayOut(String name);

    /** Requests per second that one key may send, more than 0. */
    double requestsPerSecond();

    /** Requests per second of all keys of one client, more than 0. */
    double requestsPerSecondPerClient();

    /** Logins per minute that one client may try without registering them, more than 0. */
    double verifiesPerMinute();

    /** Checks on demand per minute of one client, more than 0. */
    double checksPerMinute();

    /** Registrations and changes of logins per minute of one client, more than 0. */
    double registrationsPerMinute();

    /**
     * How many nodes share the limits of requests, which are those of the cluster; at least 1. Each
     * node grants an equal part.
     */
    default int nodes() {
        return 1;
    }

    /** Accounts that one client may have, unless it has a limit of its own. */
    long accountsPerClient();

    /** Webhooks that one client may have, unless it has a limit of its own. */
    long webhooksPerClient();
}
