package dev.mailbell.fairness;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whether there is more than one client. Shares of several things know it together, so that
 * something is left of each before a second client wants some of it. Safe for many threads.
 */
public final class KnownClients {
    private @Nullable UUID first;
    private volatile boolean several;

    /** Notes that there is this client; the node itself is none. */
    public void add(UUID client) {
        if (!several && !client.equals(ActingClient.NODE)) {
            addFirst(client);
        }
    }

    private synchronized void addFirst(UUID client) {
        if (first == null) {
            first = client;
        } else if (!first.equals(client)) {
            several = true;
        }
    }

    /** Whether there were two clients so far. */
    public boolean areSeveral() {
        return several;
    }
}
