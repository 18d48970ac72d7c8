package dev.mailbell.bench.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** One connection of a client. Anybody may send at any time; sending never waits. */
public final class Link {
    private static final int MOST_UNSENT = 16 << 20;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SocketChannel channel;
    private final Talk talk;
    private final @Nullable TlsLayer tls;
    private final Carry carry = new Carry();
    private final TlsLayer.Side side = new Plaintext();
    private volatile @Nullable SelectionKey key;
    private @Nullable ByteBuffer unsent;
    private boolean ending;
    private boolean closed;

    Link(SocketChannel channel, Talk talk, @Nullable TlsLayer tls) {
        this.channel = channel;
        this.talk = talk;
        this.tls = tls;
    }

    /** Called once the selector knows the connection. */
    void begin(SelectionKey selected) {
        key = selected;
        if (tls == null) {
            talk.opened(this);
        }
    }

    /** Sends now what the socket takes, the rest when it takes more. */
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

    /** Hangs up once everything is sent. */
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
            channel.write(octets);
            if (!octets.hasRemaining()) {
                return;
            }
        }
        int before = unsent == null ? 0 : unsent.remaining();
        if (before + octets.remaining() > MOST_UNSENT) {
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

    /** The socket takes more. */
    void writable() throws IOException {
        if (flushed() && ending()) {
            // Not under our lock: the talk's own comes before it.
            close();
        }
    }

    private synchronized boolean ending() {
        return ending;
    }

    private synchronized boolean flushed() throws IOException {
        if (unsent != null) {
            channel.write(unsent);
            if (unsent.hasRemaining()) {
                return false;
            }
            unsent = null;
        }
        wantWrite(false);
        return true;
    }

    /** Reads what there is; the buffer is the thread's own. */
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
        talk.closed();
    }

    private final class Plaintext implements TlsLayer.Side {
        @Override
        public void open() {
            talk.opened(Link.this);
        }

        @Override
        public void plain(ByteBuffer octets) throws IOException {
            ByteBuffer all = carry.with(octets);
            talk.received(all);
            carry.keep(all);
        }

        @Override
        public void handshake() throws IOException {
            synchronized (Link.this) {
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
