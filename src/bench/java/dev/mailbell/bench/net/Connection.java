package dev.mailbell.bench.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** One connection of a client. Every thread may send at any time; sending never blocks. */
public final class Connection {
    private static final int MAX_UNSENT = 16 << 20;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** Of all connections of this process. */
    private static final LongAdder SENT = new LongAdder();

    private final SocketChannel channel;
    private final ConnectionHandler handler;
    private final @Nullable TlsLayer tls;
    private final UnreadOctets unread = new UnreadOctets();
    private final TlsLayer.Side side = new Plaintext();
    private volatile @Nullable SelectionKey key;
    private @Nullable ByteBuffer unsent;
    private boolean ending;
    private boolean closed;

    Connection(SocketChannel channel, ConnectionHandler handler, @Nullable TlsLayer tls) {
        this.channel = channel;
        this.handler = handler;
        this.tls = tls;
    }

    /** Called once the selector knows the connection. */
    void begin(SelectionKey selected) {
        key = selected;
        if (tls == null) {
            handler.opened(this);
        }
    }

    /** Octets that all connections of this process have sent. */
    public static long octets() {
        return SENT.sum();
    }

    /** The address of the client, without its port; empty when it is gone. */
    public String client() {
        try {
            return channel.getRemoteAddress() instanceof InetSocketAddress address
                    ? address.getAddress().getHostAddress()
                    : "";
        } catch (IOException e) {
            return "";
        }
    }

    /** Sends what the socket accepts now, and the rest once it accepts more. */
    public void send(byte[] octets) {
        send(octets, octets.length);
    }

    public synchronized void send(byte[] octets, int length) {
        if (closed || ending || length == 0) {
            return;
        }
        try {
            ByteBuffer plain = ByteBuffer.wrap(octets, 0, length);
            write(tls == null ? plain : tls.encrypt(plain));
        } catch (IOException e) {
            close();
        }
    }

    /** Closes the connection once everything is sent. */
    public synchronized void end() {
        if (closed || ending) {
            return;
        }
        try {
            if (tls != null) {
                tls.end();
                write(tls.record(NOTHING));
            }
            ending = true;
            if (unsent == null) {
                close();
            }
        } catch (IOException e) {
            close();
        }
    }

    private void write(ByteBuffer octets) throws IOException {
        if (unsent == null) {
            SENT.add(channel.write(octets));
            if (!octets.hasRemaining()) {
                return;
            }
        }
        int before = unsent == null ? 0 : unsent.remaining();
        if (before + octets.remaining() > MAX_UNSENT) {
            throw new IOException("the client does not read");
        }
        ByteBuffer all = ByteBuffer.allocate(before + octets.remaining());
        if (unsent != null) {
            all.put(unsent);
        }
        unsent = all.put(octets).flip();
        wantWrite(true);
    }

    private void wantWrite(boolean wanted) {
        SelectionKey selected = key;
        if (selected != null && selected.isValid()) {
            selected.interestOps(
                    wanted ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
            selected.selector().wakeup();
        }
    }

    /** The socket accepts more octets. */
    void writable() throws IOException {
        if (flushed() && ending()) {
            // Without this lock, because the handler takes its own lock before it.
            close();
        }
    }

    private synchronized boolean ending() {
        return ending;
    }

    private synchronized boolean flushed() throws IOException {
        if (unsent != null) {
            SENT.add(channel.write(unsent));
            if (unsent.hasRemaining()) {
                return false;
            }
            unsent = null;
        }
        wantWrite(false);
        return true;
    }

    /** Reads available octets; the buffer belongs to the thread. */
    void readable(ByteBuffer buffer) throws IOException {
        int count = channel.read(buffer.clear());
        if (count < 0) {
            close();
            return;
        }
        buffer.flip();
        if (tls == null) {
            side.plain(buffer);
        } else {
            tls.received(buffer, side);
        }
    }

    /** Cuts the connection. */
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            unsent = null;
        }
        try {
            channel.close();
        } catch (IOException e) {
            System.err.println("bench: a connection did not close: " + e.getMessage());
        }
        handler.closed();
    }

    private final class Plaintext implements TlsLayer.Side {
        @Override
        public void open() {
            handler.opened(Connection.this);
        }

        @Override
        public void plain(ByteBuffer octets) throws IOException {
            ByteBuffer all = unread.with(octets);
            handler.received(all);
            unread.keep(all);
        }

        @Override
        public void handshake() throws IOException {
            synchronized (Connection.this) {
                if (tls != null) {
                    write(tls.record(NOTHING));
                }
            }
        }

        @Override
        public void ended() {
            close();
        }
    }
}
