package dev.mailbell.bench.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;

/**
 * TLS on the server's side of one connection. Reading belongs to one thread; {@link #encrypt} is
 * called under the lock of the connection.
 */
final class TlsLayer {
    private static final ThreadLocal<ByteBuffer> PLAIN =
            ThreadLocal.withInitial(() -> ByteBuffer.allocate(32 * 1024));
    private static final ThreadLocal<ByteBuffer> SEALED =
            ThreadLocal.withInitial(() -> ByteBuffer.allocate(32 * 1024));

    private final SSLEngine engine;
    private final UnreadOctets unread = new UnreadOctets();
    private boolean open;

    /** Where decrypted octets go and records come from. */
    interface Side {
        void open() throws IOException;

        void plain(ByteBuffer octets) throws IOException;

        /** Writes the next message of the handshake. */
        void handshake() throws IOException;

        void ended();
    }

    TlsLayer(SSLContext context) throws IOException {
        engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.beginHandshake();
    }

    void received(ByteBuffer fresh, Side side) throws IOException {
        ByteBuffer sealed = unread.with(fresh);
        while (true) {
            HandshakeStatus status = engine.getHandshakeStatus();
            if (!open && status == HandshakeStatus.NOT_HANDSHAKING) {
                open = true;
                side.open();
            }
            switch (status) {
                case NEED_TASK -> {
                    for (Runnable task = engine.getDelegatedTask();
                            task != null;
                            task = engine.getDelegatedTask()) {
                        task.run();
                    }
                }
                case NEED_WRAP -> side.handshake();
                default -> {
                    if (!decrypt(sealed, side)) {
                        unread.keep(sealed);
                        return;
                    }
                }
            }
        }
    }

    /** Decrypts one record; false when it is incomplete. */
    private boolean decrypt(ByteBuffer sealed, Side side) throws IOException {
        if (!sealed.hasRemaining()) {
            return false;
        }
        ByteBuffer plain = PLAIN.get().clear();
        SSLEngineResult result = engine.unwrap(sealed, plain);
        if (result.getStatus() == Status.CLOSED) {
            side.ended();
            return false;
        }
        if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
            return false;
        }
        if (plain.position() > 0) {
            side.plain(plain.flip());
        }
        return true;
    }

    /** One record, or several for long data. */
    ByteBuffer encrypt(ByteBuffer plain) throws IOException {
        ByteBuffer first = record(plain);
        if (!plain.hasRemaining()) {
            return first;
        }
        ByteBuffer all = ByteBuffer.allocate(first.remaining() + plain.remaining() * 2 + 4096);
        all.put(first);
        while (plain.hasRemaining()) {
            all.put(record(plain));
        }
        return all.flip();
    }

    /** The next record; the buffer is this thread's until its next call. */
    ByteBuffer record(ByteBuffer plain) throws IOException {
        ByteBuffer sealed = SEALED.get().clear();
        SSLEngineResult result = engine.wrap(plain, sealed);
        if (result.getStatus() != Status.OK && result.getStatus() != Status.CLOSED) {
            throw new IOException("TLS cannot write: " + result);
        }
        return sealed.flip();
    }

    /** Begins to close: the next record is the close_notify alert. */
    void end() {
        engine.closeOutbound();
    }
}
