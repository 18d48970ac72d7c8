package dev.mailbell.mail.connection;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import dev.mailbell.network.tls.TlsContexts;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connected socket that ends: at its deadline everything that blocks on it fails with a {@link
 * SocketTimeoutException}, be it a read, a write or a handshake and however busy the server is; and
 * when the server has sent more than the byte budget, reads fail with a {@link
 * ByteBudgetException}. A {@link Socket}, so that a library can be given it by a socket factory.
 *
 * <p>For one thread, except {@link #close()}, {@link #cut()} and {@link #hasten}.
 */
public final class LimitedSocket extends DelegatingSocket {
    private static final Logger LOG = LoggerFactory.getLogger(LimitedSocket.class);

    private final Socket raw;
    private final Login login;
    private final TlsContexts tls;
    private final Watchdog watchdog;
    private final LongResponses.Turn turn;
    private final InputStream limitedInput = new LimitedInput();
    private final OutputStream limitedOutput = new LimitedOutput();
    private volatile Socket inner;
    private volatile Deadline deadline;
    private volatile Watchdog.Cut cut;
    private volatile Watchdog.@Nullable Cut sooner;
    private volatile boolean late;
    private volatile long byteBudget;
    private volatile long bytesLeft;
    private volatile int soTimeout;

    LimitedSocket(
            Socket raw,
            Login login,
            TlsContexts tls,
            Watchdog watchdog,
            LongResponses.Turn turn,
            Deadline deadline,
            long byteBudget) {
        this.raw = raw;
        this.inner = raw;
        this.login = login;
        this.tls = tls;
        this.watchdog = watchdog;
        this.turn = turn;
        this.deadline = deadline;
        this.byteBudget = byteBudget;
        this.bytesLeft = byteBudget;
        this.cut = watchdog.arm(deadline, raw::close);
    }

    /**
     * Sets the limits for what follows, as for the next command of a kept session.
     *
     * @throws MailFailure timeout when the deadline before has passed already: the connection is
     *     cut
     */
    public void renew(Deadline next, long budget) {
        Watchdog.Cut before = cut;
        cut = watchdog.arm(next, raw::close);
        deadline = next;
        byteBudget = budget;
        bytesLeft = budget;
        turn.restart();
        Watchdog.Cut hastened = sooner;
        sooner = null;
        if (!before.disarm() || hastened != null && !hastened.disarm()) {
            late = true;
            throw failure(new SocketTimeoutException("the connection is cut"));
        }
    }

    /**
     * Brings the deadline forward until the next {@link #renew}, for one who waits: any thread may
     * call it.
     */
    public void hasten(Deadline earlier) {
        relax();
        sooner = watchdog.arm(earlier, raw::close);
    }

    /** Takes a {@link #hasten} back. */
    public void relax() {
        Watchdog.Cut hastened = sooner;
        if (hastened != null) {
            hastened.disarm();
        }
    }

    /** What came is parsed: of servers that send much, another one has its turn. */
    public void parsed() {
        turn.end();
    }

    /** What is left of the byte budget. */
    public long bytesLeft() {
        return bytesLeft;
    }

    /**
     * Upgrades to TLS after the server agreed to STARTTLS or STLS. The caller must have read that
     * answer and nothing behind it: octets that came before the handshake are not the server's word
     * (command injection), and it must drop what it knows of the server.
     *
     * @throws MailFailure protocol_error when more is waiting in clear text; tls_failed, timeout;
     *     then the connection is closed
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

    /** For a caller of {@link #startTls()} who finds that it has buffered too much. */
    public MailFailure injected() {
        cut();
        return new MailFailure(
                FailureCode.PROTOCOL_ERROR,
                where()
                        + " sent more in clear text after it agreed to TLS: somebody may sit on the"
                        + " line");
    }

    void shakeHands() {
        turn.end();
        try {
            inner =
                    tls.wrap(
                            raw,
                            login.host(),
                            login.port(),
                            login.verifyCertificate(),
                            login.caPem(),
                            deadline);
        } catch (IOException | IllegalArgumentException e) {
            cut();
            throw ConnectionFailures.ofHandshake(login, e);
        }
    }

    /** What an exception of this connection means to the account's owner. */
    public MailFailure failure(IOException e) {
        return ConnectionFailures.ofSession(where(), e);
    }

    private String where() {
        return login.server();
    }

    @Override
    Socket inner() {
        return inner;
    }

    @Override
    public InputStream getInputStream() {
        return limitedInput;
    }

    @Override
    public OutputStream getOutputStream() {
        return limitedOutput;
    }

    /** A shorter limit for each read, besides the deadline; 0 for none. */
    @Override
    public void setSoTimeout(int millis) {
        soTimeout = millis;
    }

    @Override
    public int getSoTimeout() {
        return soTimeout;
    }

    /** Closes at once, without a word to the server; wakes whoever blocks on the socket. */
    public void cut() {
        turn.end();
        cut.disarm();
        relax();
        try {
            raw.close();
        } catch (IOException e) {
            LOG.debug("the connection to {} did not close well", where(), e);
        }
    }

    /** Ends TLS properly, but not later than the deadline. */
    @Override
    public void close() throws IOException {
        try {
            inner.close();
        } finally {
            cut();
        }
    }

    private IOException inTime(IOException e) {
        Watchdog.Cut hastened = sooner;
        late |= cut.hasFired() || deadline.isPast() || hastened != null && hastened.hasFired();
        if (!late || e instanceof SocketTimeoutException) {
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
            turn.pause();
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
                if (count > 0 && !turn.begin(count, deadline)) {
                    throw new SocketTimeoutException("the deadline has passed");
                }
                return count;
            } catch (IOException e) {
                throw inTime(e);
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

    private final class LimitedOutput extends OutputStream {
        @Override
        public void write(int octet) throws IOException {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            turn.end();
            try {
                inner.getOutputStream().write(buffer, offset, length);
            } catch (IOException e) {
                throw inTime(e);
            }
        }

        @Override
        public void flush() throws IOException {
            try {
                inner.getOutputStream().flush();
            } catch (IOException e) {
                throw inTime(e);
            }
        }

        @Override
        public void close() throws IOException {
            LimitedSocket.this.close();
        }
    }
}
