package dev.mailbell.watch.host;

import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/** The right to one connection to a mail host, and to the login on it. */
public final class ConnectionPermit {
    private final MailHostLimiter host;
    private final UUID client;
    private final AtomicBoolean released = new AtomicBoolean();
    private final AtomicBoolean pushing = new AtomicBoolean();

    ConnectionPermit(MailHostLimiter host, UUID client) {
        this.host = host;
        this.client = client;
    }

    public MailHostLimiter host() {
        return host;
    }

    UUID client() {
        return client;
    }

    /**
     * Asks to hold on to the connection for push. Where connections are limited some are left for
     * the accounts that must poll.
     */
    public boolean mayPush() {
        if (!pushing.get()) {
            pushing.set(host.beginPush(client));
        } else if (!host.mayGoOnPushing(client) && pushing.compareAndSet(true, false)) {
            host.endPush(client);
        }
        return pushing.get();
    }

    /** Whether the connection is held for push. */
    boolean isPushing() {
        return pushing.get() && !released.get();
    }

    /** The connection is closed, or was never made. */
    public void release() {
        if (released.compareAndSet(false, true)) {
            host.closed(client, pushing.get());
        }
    }
}
