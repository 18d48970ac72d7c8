package dev.mailbell.network.http;

import dev.mailbell.network.socket.ResponseHeadReader;
import dev.mailbell.network.socket.ResponseTooLongException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.impl.io.DefaultManagedHttpClientConnection;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ContentLengthStrategy;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.io.HttpConnectionFactory;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A connection of the HTTP client that limits the octets of a response. Before a kept connection
 * carries another request it is examined: a connection with unsolicited octets to read, one that
 * the peer closed, and one that was idle for more than 30 s or is older than 5 min throws {@link
 * UnusableConnectionException} before anything is written.
 */
final class GuardedConnection extends DefaultManagedHttpClientConnection {
    /** Limits of chunk-size lines with their extensions, and of trailers. */
    private static final Http1Config FRAMING =
            Http1Config.custom().setMaxLineLength(1024).setMaxHeaderCount(100).build();

    private static final long MAX_IDLE = Duration.ofSeconds(30).toNanos();
    private static final long MAX_LIFETIME = Duration.ofMinutes(5).toNanos();

    /**
     * After this idle time the connection is tested for a close by the peer, which costs 1 ms.
     * Node, for example, closes after 5 s.
     */
    private static final long TRUSTED_IDLE = Duration.ofMillis(500).toNanos();

    private static final AtomicLong MADE = new AtomicLong();

    private final ResponseHeadReader head;
    private final int maxBodyOctets;
    private final LongSupplier nanoTime;
    private final long opened;
    private volatile @Nullable Socket plain;
    private volatile boolean used;
    private volatile long lastUsed;

    private GuardedConnection(ResponseHeadReader head, int maxBodyOctets, LongSupplier nanoTime) {
        super(
                "connection-" + MADE.incrementAndGet(),
                null,
                null,
                FRAMING,
                null,
                null,
                null,
                null,
                config -> head);
        this.head = head;
        this.maxBodyOctets = maxBodyOctets;
        this.nanoTime = nanoTime;
        this.opened = nanoTime.getAsLong();
        this.lastUsed = opened;
    }

    /**
     * Makes connections.
     *
     * @param maxBodyOctets limit of a chunked body on the wire, framing included; a longer one
     *     fails with {@link ResponseTooLongException}
     */
    static HttpConnectionFactory<ManagedHttpClientConnection> factory(
            int maxBodyOctets, LongSupplier nanoTime) {
        return socket -> {
            GuardedConnection made =
                    new GuardedConnection(new ResponseHeadReader(), maxBodyOctets, nanoTime);
            if (socket != null) {
                made.bind(socket);
            }
            return made;
        };
    }

    @Override
    public void bind(Socket socket) throws IOException {
        super.bind(socket);
        plain = socket;
    }

    @Override
    public void bind(SSLSocket secure, Socket socket) throws IOException {
        super.bind(secure, socket);
        plain = socket;
    }

    @Override
    public void sendRequestHeader(ClassicHttpRequest request) throws HttpException, IOException {
        if (used) {
            if (GuardedConnections.NEW_ONLY.isBound()) {
                throw new UnusableConnectionException("a new connection is asked for");
            }
            requireUsable();
        }
        used = true;
        head.begin();
        super.sendRequestHeader(request);
    }

    private void requireUsable() throws IOException {
        long now = nanoTime.getAsLong();
        long idle = now - lastUsed;
        if (idle > MAX_IDLE || now - opened > MAX_LIFETIME) {
            throw new UnusableConnectionException("the connection is old");
        }
        if (hasUnread()) {
            throw new UnusableConnectionException("the connection carries stray octets");
        }
        // The test may read octets.
        if (idle > TRUSTED_IDLE && (super.isStale() || hasUnread())) {
            throw new UnusableConnectionException("the connection was closed");
        }
    }

    /**
     * Whether unsolicited octets are waiting; TLS records that are not decrypted yet count as well.
     */
    private boolean hasUnread() {
        Socket current = getSocket();
        Socket bound = plain;
        if (current == null) {
            // The deadline of the request has closed the connection meanwhile.
            return true;
        }
        try {
            return head.hasUnread()
                    || current.getInputStream().available() > 0
                    || (bound != null && bound.getInputStream().available() > 0);
        } catch (IOException e) {
            // A broken connection is unusable too.
            return true;
        }
    }

    @Override
    public void passivate() {
        super.passivate();
        lastUsed = nanoTime.getAsLong();
    }

    @Override
    protected InputStream createContentInputStream(
            long length, SessionInputBuffer buffer, InputStream in) {
        return super.createContentInputStream(
                length, buffer, length == ContentLengthStrategy.CHUNKED ? new Bounded(in) : in);
    }

    /** Fails when more octets are read than the limit of a body. */
    private final class Bounded extends FilterInputStream {
        private long left = maxBodyOctets;

        Bounded(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            return counted(super.read(), 1);
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int read = super.read(into, offset, length);
            return counted(read, read);
        }

        private int counted(int read, int octets) throws IOException {
            if (read >= 0) {
                left -= octets;
            }
            if (left < 0) {
                throw new ResponseTooLongException(
                        "the answer's body has more than " + maxBodyOctets + " octets");
            }
            return read;
        }
    }
}
