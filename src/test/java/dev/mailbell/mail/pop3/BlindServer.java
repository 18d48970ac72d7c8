package dev.mailbell.mail.pop3;

import dev.mailbell.mail.scripted.LoopbackServer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/**
 * Sends a prepared answer to each connection without reading commands, then closes it. A client
 * that pipelines its commands does not notice.
 */
final class BlindServer implements AutoCloseable {
    /** Writes the answer. */
    @FunctionalInterface
    interface Answer {
        void write(OutputStream out) throws IOException;
    }

    private final LoopbackServer server;
    private volatile Answer answer = out -> {};

    BlindServer() {
        server = new LoopbackServer("blind-server", this::serve);
    }

    int port() {
        return server.port();
    }

    void answerWith(Answer next) {
        answer = next;
    }

    private void serve(Socket socket) throws IOException {
        OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 65_536);
        answer.write(out);
        out.flush();
        socket.shutdownOutput();
        drain(socket.getInputStream());
    }

    private static void drain(InputStream in) throws IOException {
        byte[] buffer = new byte[4_096];
        while (in.read(buffer) >= 0) {
            continue;
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
