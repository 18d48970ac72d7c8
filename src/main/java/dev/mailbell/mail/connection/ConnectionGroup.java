package dev.mailbell.mail.connection;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.transcript.Transcript;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one account, open or being opened, which any thread can cut: also during a
 * login, and those of protocols whose sessions are never kept. Safe for many threads.
 */
public final class ConnectionGroup implements ConnectionObserver {
    private static final ScopedValue<Scope> CURRENT = ScopedValue.newInstance();

    private record Scope(ConnectionGroup group, BooleanSupplier mayConnect) {}

    private volatile @Nullable Transcript transcript;
    private List<LimitedSocket> open = List.of();
    private int cuts;

    /** Written by the one thread that uses the account's connection. */
    private long received;

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

    /**
     * Writes down from now on what the connections say, also one that is open already.
     *
     * @param into null: no longer
     */
    public synchronized void transcribe(@Nullable Transcript into) {
        if (into != null) {
            open.forEach(socket -> socket.login().ifPresent(into::uses));
        }
        transcript = into;
    }

    /** A connection of this login is about to be opened, by the way out that it names. */
    void connecting(Login login) {
        Transcript into = transcript;
        if (into != null) {
            into.restarts();
            into.uses(login);
            into.note(
                    "connects to "
                            + login.server()
                            + (login.egress() == null
                                    ? ""
                                    : " by the way out \"" + login.egress().name() + "\""));
        }
    }

    @Override
    public void connected(@Nullable SocketAddress remote) {
        note("connected");
    }

    @Override
    public void secured(SSLSession session) {
        Transcript into = transcript;
        if (into != null) {
            into.restarts();
            into.note(TlsNote.of(session));
        }
    }

    void note(String text) {
        Transcript into = transcript;
        if (into != null) {
            into.note(text);
        }
    }

    @Override
    public void sent(byte[] octets, int offset, int count) {
        Transcript into = transcript;
        if (into != null) {
            into.sent(octets, offset, count);
        }
    }

    @Override
    public void received(byte[] octets, int offset, int count) {
        received += count;
        Transcript into = transcript;
        if (into != null) {
            into.received(octets, offset, count);
        }
    }

    /** How many octets have arrived in all; for the thread that uses the connections. */
    public long received() {
        return received;
    }

    synchronized void add(LimitedSocket socket) {
        List<LimitedSocket> more = new ArrayList<>(open);
        more.add(socket);
        open = more;
    }

    synchronized void remove(LimitedSocket socket) {
        List<LimitedSocket> rest = new ArrayList<>(open);
        if (rest.remove(socket)) {
            note("closes the connection");
        }
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
