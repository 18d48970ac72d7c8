package dev.mailbell.bench.daemon;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A TCP proxy on the way of one node to PostgreSQL, which can be cut. */
public final class DatabaseLink implements AutoCloseable {
    private static final int BACKLOG = 64;
    private static final int BUFFER = 65_536;

    private final int serverPort;
    private final ServerSocket listening;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

    public DatabaseLink(int serverPort) {
        this.serverPort = serverPort;
        try {
            listening = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name("database-link").start(this::accept);
    }

    public int port() {
        return listening.getLocalPort();
    }

    /** Ends all connections and refuses new ones. */
    public void cut() {
        cut = true;
        sockets.forEach(DatabaseLink::close);
    }

    public void restore() {
        cut = false;
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                connect(listening.accept());
            } catch (IOException e) {
                if (!listening.isClosed()) {
                    System.err.println("bench: no way to PostgreSQL: " + e.getMessage());
                }
            }
        }
    }

    private void connect(Socket client) throws IOException {
        sockets.add(client);
        if (cut) {
            close(client);
            sockets.remove(client);
            return;
        }
        Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
        client.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        Thread.startVirtualThread(() -> carry(client, server));
        Thread.startVirtualThread(() -> carry(server, client));
    }

    private void carry(Socket from, Socket to) {
        byte[] buffer = new byte[BUFFER];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count; (count = in.read(buffer)) >= 0; ) {
                out.write(buffer, 0, count);
            }
        } catch (IOException e) {
            // Either end hung up, or the link was cut: so does the other end.
            return;
        } finally {
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            listening.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        cut();
    }
}
