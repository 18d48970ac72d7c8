package dev.mailbell.mail.pop3;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * Says what it has to say to each connection without listening, and then hangs up: a client that
 * sends its commands in one flight cannot tell.
 */
final class BlindServer implements AutoCloseable {
    /** What it says. */
    @FunctionalInterface
    interface Speech {
        void say(OutputStream out) throws IOException;
    }

    private final ServerSocket listening;
    private volatile Speech speech = out -> {};

    BlindServer() {
        try {
            listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name("blind-server").start(this::serve);
    }

    int port() {
        return listening.getLocalPort();
    }

    void says(Speech next) {
        speech = next;
    }

    private void serve() {
        while (!listening.isClosed()) {
            try (Socket socket = listening.accept()) {
                OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 65_536);
                speech.say(out);
                out.flush();
                socket.shutdownOutput();
                drain(socket.getInputStream());
            } catch (IOException e) {
                // The client hung up first, or the test is over.
                continue;
            }
        }
    }

    private static void drain(InputStream in) throws IOException {
        byte[] buffer = new byte[4_096];
        while (in.read(buffer) >= 0) {
            continue;
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
