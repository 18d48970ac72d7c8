package dev.mailbell.bench.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** One thread that serves its share of the connections. */
final class SelectorLoop implements AutoCloseable {
    private final Selector selector;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
    private final Thread thread;
    private volatile boolean closed;

    SelectorLoop(String name) {
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        thread = Thread.ofPlatform().name(name).daemon().start(this::run);
    }

    /** Takes over a connection that was accepted. */
    void serve(SocketChannel channel, Connection link) throws IOException {
        channel.configureBlocking(false);
        SelectionKey key = channel.register(selector, 0, link);
        link.begin(key);
        if (key.isValid()) {
            key.interestOpsOr(SelectionKey.OP_READ);
            selector.wakeup();
        }
    }

    private void run() {
        try {
            while (!closed) {
                selector.select(this::ready);
            }
        } catch (IOException e) {
            System.err.println("bench: a server's loop ended: " + e);
        }
    }

    private void ready(SelectionKey key) {
        Connection link = (Connection) key.attachment();
        try {
            if (key.isReadable()) {
                link.readable(buffer);
            }
            if (key.isValid() && key.isWritable()) {
                link.writable();
            }
        } catch (IOException | CancelledKeyException e) {
            // The client may close the connection at any time.
            link.close();
        } catch (RuntimeException e) {
            System.err.println("bench: a scripted server failed on a request of its client");
            e.printStackTrace();
            link.close();
        }
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join();
            for (SelectionKey key : selector.keys()) {
                ((Connection) key.attachment()).close();
            }
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
