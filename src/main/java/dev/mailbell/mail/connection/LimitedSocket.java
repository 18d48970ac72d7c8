package dev.mailbell.mail.connection;

import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.tls.TlsContexts;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Optional;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connected socket with a deadline and a byte budget. At the deadline every blocked read, write
 * and handshake fails with a {@link SocketTimeoutException}, even if the server keeps sending.
 * After the server has sent more than the byte budget, reads fail with a {@link
 * ByteBudgetException}. It is a {@link Socket}, so that libraries can use it through a socket
 * factory.
 *
 * <p>For one thread, except {@link #close()}, {@link #cut()} and {@link #hasten}.
 */
public final class LimitedSocket extends DelegatingSocket {
    private static final Logger LOG = LoggerFactory.getLogger(LimitedSocket.class);

    private final Socket raw;
    private final Endpoint endpoint;
    private final @Nullable Login login;
    private final ConnectionObserver observer;
    private final TlsContexts tls;
    private final Watchdog watchdog;
    private final LongResponses.Permit permit;
    private final @Nullable ConnectionGroup group = ConnectionGroup.current().orElse(null);
    private final InputStream limitedInput = new LimitedInput();
    private final OutputStream limitedOutput = new LimitedOutput(this);
    private volatile Socket inner;
    private volatile Deadline deadline;
    private volatile Watchdog.Cut cut;
    private volatile Watchdog.@Nullable Cut hastened;
    private volatile boolean timedOut;
    private volatile long byteBudget;
    private volatile long bytesLeft;
    private volatile int soTimeout;

    LimitedSocket(
            Socket raw,
            Endpoint endpoint,
            @Nullable Login login,
            ConnectionObserver observer,
            TlsContexts tls,
            Watchdog watchdog,
            LongResponses.Permit permit,
            Deadline deadline,
            long byteBudget) {
        this.raw = raw;
        this.inner = raw;
        this.endpoint = endpoint;
        this.login = login;
        this.observer = observer;
        this.tls = tls;
        this.watchdog = watchdog;
        this.permit = permit;
        this.deadline = deadline;
        this.byteBudget = byteBudget;
        this.bytesLeft = byteBudget;
        this.cut = watchdog.arm(deadline, raw::close);
        if (group != null) {
            group.add(this);
        }
    }

    /**
     * Sets new limits, for example for the next check of a kept session.
     *
     * @throws MailFailure timeout when the previous deadline has already passed and the connection
     *     is closed
     */
    public void renew(Deadline next, long budget) {
        Watchdog.Cut before = cut;
        cut = watchdog.arm(next, raw::close);
        deadline = next;
        byteBudget = budget;
        bytesLeft = budget;
        permit.restart();
        Watchdog.Cut earlier = hastened;
        hastened = null;
        if (!before.disarm() || earlier != null && !earlier.disarm()) {
            timedOut = true;
            throw failure(new SocketTimeoutException("the connection is cut"));
        }
    }

    /** Sets an earlier deadline until {@link #renew} or {@link #relax}; for any thread. */
    public void hasten(Deadline earlier) {
        relax();
        hastened = watchdog.arm(earlier, raw::close);
    }

    /** Undoes {@link #hasten}. */
    public void relax() {
        Watchdog.Cut earlier = hastened;
        if (earlier != null) {
            earlier.disarm();
        }
    }

    /** Marks the received octets as parsed, which releases the parsing permit. */
    public void parsed() {
        permit.end();
    }

    /** The remaining byte budget. */
    public long bytesLeft() {
        return bytesLeft;
    }

    /**
     * Upgrades to TLS after the server agreed to STARTTLS or STLS. The caller must have read that
     * answer and nothing after it, and must discard the server's capabilities: octets from before
     * the handshake may be injected.
     *
     * @throws MailFailure protocol_error when more has arrived in clear text; tls_failed; timeout;
     *     in each case the connection is closed
     */
    public void startTls() {
        try {
            if (inner != raw || raw.getInputStream().available() > 0) {
                throw injected();
            }
        } catch (IOException e) {
            throw failure(e);
        }
        shakeHands();
    }

    /** The failure of {@link #startTls()} for a caller that has buffered further octets. */
    public MailFailure injected() {
        cut();
        return new MailFailure(
                FailureCode.PROTOCOL_ERROR,
                endpoint.server()
                        + " sent more in clear text after it agreed to TLS: the connection may be"
                        + " intercepted");
    }

    void shakeHands() {
        permit.end();
        try {
            SSLSocket secured =
                    tls.wrap(raw, endpoint.host(), endpoint.port(), endpoint.tls(), deadline);
            inner = secured;
            observer.secured(secured.getSession());
        } catch (IOException | IllegalArgumentException e) {
            cut();
            throw ConnectionFailures.ofHandshake(endpoint.server(), e);
        }
    }

    /** The failure for an exception of this connection. */
    public MailFailure failure(IOException e) {
        return ConnectionFailures.ofSession(endpoint.server(), e);
    }

    /** What the session logs in with; empty for a session that this class does not know. */
    Optional<Login> login() {
        return Optional.ofNullable(login);
    }

    @Override
    Socket inner() {
        return inner;
    }

    /** Octets are about to be written. */
    void writes(byte[] buffer, int offset, int length) {
        permit.end();
        observer.sent(buffer, offset, length);
    }

    /** Named as the server is: a library that asks for the name would look another one up. */
    @Override
    public InetAddress getInetAddress() {
        InetAddress address = inner.getInetAddress();
        try {
            return InetAddress.getByAddress(endpoint.host(), address.getAddress());
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of the wrong length", e);
        }
    }

    @Override
    public InputStream getInputStream() {
        return limitedInput;
    }

    @Override
    public OutputStream getOutputStream() {
        return limitedOutput;
    }

    /** Sets a limit for each read in addition to the deadline; 0 for none. */
    @Override
    public void setSoTimeout(int millis) {
        soTimeout = millis;
    }

    @Override
    public int getSoTimeout() {
        return soTimeout;
    }

    /** Closes the connection at once without logging out, and wakes the threads blocked on it. */
    public void cut() {
        if (group != null) {
            group.remove(this);
        }
        permit.end();
        cut.disarm();
        relax();
        try {
            raw.close();
        } catch (IOException e) {
            LOG.debug("the connection to {} was not closed cleanly", endpoint.server(), e);
        }
    }

    /** Closes the connection with a TLS close, which ends by the deadline. */
    @Override
    public void close() throws IOException {
        try {
            inner.close();
        } finally {
            cut();
        }
    }

    IOException asTimeout(IOException e) {
        Watchdog.Cut earlier = hastened;
        timedOut |= cut.hasFired() || deadline.isPast() || earlier != null && earlier.hasFired();
        if (!timedOut || e instanceof SocketTimeoutException) {
            return e;
        }
        SocketTimeoutException timeout = new SocketTimeoutException("the deadline has passed");
        timeout.initCause(e);
        return timeout;
    }

    private final class LimitedInput extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            permit.pause(this::hasArrived);
            if (bytesLeft <= 0) {
                throw new ByteBudgetException(byteBudget);
            }
            try {
                if (deadline.isPast()) {
                    throw new SocketTimeoutException("the deadline has passed");
                }
                int left = deadline.remainingMillisAtLeastOne();
                inner.setSoTimeout(soTimeout == 0 ? left : Math.min(soTimeout, left));
                int count =
                        inner.getInputStream()
                                .read(buffer, offset, (int) Math.min(length, bytesLeft));
                bytesLeft -= Math.max(0, count);
                if (count > 0) {
                    observer.received(buffer, offset, count);
                }
                if (count > 0 && !permit.begin(count, deadline)) {
                    throw new SocketTimeoutException("the deadline has passed");
                }
                return count;
            } catch (IOException e) {
                throw asTimeout(e);
            }
        }

        private boolean hasArrived() {
            try {
                return available() > 0;
            } catch (IOException e) {
                // The read that follows fails with it.
                return false;
            }
        }

        @Override
        public int available() throws IOException {
            return inner.getInputStream().available();
        }

        @Override
        public void close() throws IOException {
            LimitedSocket.this.close();
        }
    }
}
