package dev.mailbell.bench.sim;

import dev.mailbell.bench.net.Connection;
import dev.mailbell.bench.net.ConnectionHandler;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A dialogue of lines. The answers to lines that arrived together are sent together. All is done
 * under the lock of the handler, so that other threads may send in between.
 */
abstract class LineHandler implements ConnectionHandler {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    private @Nullable Connection link;
    private boolean leaving;
    private String client = "";

    /** The greeting. */
    abstract void greet();

    /** A line of the client, without its line break. */
    abstract void line(String line);

    /** The connection has ended after the greeting. */
    abstract void gone();

    final void say(String text) {
        out.writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    final void say(byte[] octets) {
        out.writeBytes(octets);
    }

    /** Sends octets that do not change, without a copy of them. */
    final void sayLong(byte[] octets) {
        flush();
        if (link != null) {
            link.send(octets);
        }
    }

    /** The client's address. */
    final String client() {
        return client;
    }

    /** Closes the connection after the pending output. */
    final void leave() {
        leaving = true;
    }

    /** Drops the connection with its pending output. */
    final synchronized void drop() {
        if (link != null) {
            link.close();
        }
    }

    final void flush() {
        if (link == null) {
            return;
        }
        if (out.size() > 0) {
            link.send(out.toByteArray());
            out.reset();
        }
        if (leaving) {
            link.end();
        }
    }

    @Override
    public final synchronized void opened(Connection opened) {
        link = opened;
        client = opened.client();
        greet();
        flush();
    }

    @Override
    public final synchronized void received(ByteBuffer octets) {
        int begin = octets.position();
        for (int i = begin; i < octets.limit(); i++) {
            if (octets.get(i) == '\n') {
                byte[] line = new byte[i - begin];
                octets.get(begin, line);
                begin = i + 1;
                octets.position(begin);
                line(new String(line, StandardCharsets.ISO_8859_1).stripTrailing());
            }
        }
        flush();
    }

    @Override
    public final synchronized void closed() {
        if (link != null) {
            link = null;
            gone();
        }
    }
}
