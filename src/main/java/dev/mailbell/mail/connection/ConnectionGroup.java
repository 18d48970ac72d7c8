package dev.mailbell.mail.connection;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The connections of one account, open or being opened, which any thread can cut: also during a
 * login, and those of protocols whose sessions are never kept. Safe for many threads.
 */
public final class ConnectionGroup {
    private static final ScopedValue<Scope> CURRENT = ScopedValue.newInstance();

    private record Scope(ConnectionGroup group, BooleanSupplier mayConnect) {}

    private List<LimitedSocket> open = List.of();
    private int cuts;

    /**
     * Does work whose connections belong to the group.
     *
     * @param mayConnect asked before each connection and once it is open, so that one that is
     *     opened during a cut is closed before a login
     */
    public <T> T call(
            BooleanSupplier mayConnect, ScopedValue.CallableOp<T, RuntimeException> work) {
        return ScopedValue.where(CURRENT, new Scope(this, mayConnect)).call(work);
    }

    /** The group of this thread's connections; empty when they belong to none. */
    static Optional<ConnectionGroup> current() {
        return CURRENT.isBound() ? Optional.of(CURRENT.get().group) : Optional.empty();
    }

    /**
     * @throws MailFailure when the group of this thread may not connect now
     */
    static void requireMayConnect() {
        if (CURRENT.isBound() && !CURRENT.get().mayConnect.getAsBoolean()) {
            CURRENT.get().group.refused();
            throw new MailFailure(
                    FailureCode.CONNECT_FAILED, "this node does not open the connection now");
        }
    }

    private synchronized void refused() {
        cuts++;
    }

    synchronized void add(LimitedSocket socket) {
        List<LimitedSocket> more = new ArrayList<>(open);
        more.add(socket);
        open = more;
    }

    synchronized void remove(LimitedSocket socket) {
        List<LimitedSocket> rest = new ArrayList<>(open);
        rest.remove(socket);
        open = rest.isEmpty() ? List.of() : rest;
    }

    /**
     * How many times connections were cut or refused by this node: failures after that are its own.
     */
    public synchronized int cuts() {
        return cuts;
    }

    /** Closes all connections at once, without a logout. */
    public void cut() {
        List<LimitedSocket> now;
        synchronized (this) {
            cuts++;
            now = open;
        }
        now.forEach(LimitedSocket::cut);
    }
}
