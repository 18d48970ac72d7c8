package dev.mailbell.watch.host;

import dev.mailbell.fairness.KnownClients;
import dev.mailbell.fairness.Shares;
import java.util.UUID;

/**
 * How many connections of one mail host wait for push at once. A tenth of its connections stays
 * free for checks, and clients share the others. Guarded by the lock of {@link MailHostLimiter}.
 */
final class PushLimit {
    private final Shares shares;

    PushLimit(KnownClients known) {
        this.shares = new Shares(Integer.MAX_VALUE, known);
    }

    /** Whether a session of the client may wait for push from now on. */
    boolean begin(UUID client, int connections) {
        resize(connections);
        boolean free = shares.mayTake(client);
        shares.add(client, free ? 1 : 0);
        return free;
    }

    boolean mayGoOn(UUID client, int connections) {
        resize(connections);
        return shares.mayKeepAll(client);
    }

    void end(UUID client) {
        shares.add(client, -1);
    }

    int count() {
        return shares.taken();
    }

    private void resize(int connections) {
        boolean unlimited = connections == Integer.MAX_VALUE;
        shares.resize(unlimited ? connections : connections - Math.max(1, connections / 10));
    }
}
