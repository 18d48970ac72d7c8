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

    /** Requests per second that one key may send, more than 0. */
    double requestsPerSecond();

    /** Accounts that one client may have. */
    long accountsPerClient();
}
