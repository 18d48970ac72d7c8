package dev.mailbell.mail.scripted;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A server socket on loopback that serves each connection on its own virtual thread. */
public final class LoopbackServer implements AutoCloseable {
    private static final int BACKLOG = 50;

    private final String name;
    private final Handler handler;
    private final ServerSocket listening;

    /** Serves one connection, which is closed afterwards. */
    @FunctionalInterface
    public interface Handler {
        void serve(Socket socket) throws IOException;
    }

    /** Begins to accept connections, so the handler's state must be complete. */
    public LoopbackServer(String name, Handler handler) {
        this.name = name;
        this.handler = handler;
        try {
            listening = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name(name).start(this::accept);
    }

    public int port() {
        return listening.getLocalPort();
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket socket = listening.accept();
                Thread.ofVirtual().name(name + "-session").start(() -> serve(socket));
            } catch (IOException e) {
                if (!listening.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void serve(Socket accepted) {
        try (Socket socket = accepted) {
            socket.setTcpNoDelay(true);
            handler.serve(socket);
        } catch (IOException closed) {
            // The client has closed the connection; the test asserts on what the client saw.
            return;
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
