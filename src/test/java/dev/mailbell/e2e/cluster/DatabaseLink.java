package dev.mailbell.e2e.cluster;

import dev.mailbell.mail.scripted.LoopbackServer;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The way of one node to PostgreSQL. A test can cut it, let it stall with all connections open, and
 * lose the notifications that come over it. Connections are in clear text.
 */
final class DatabaseLink implements AutoCloseable {
    /** NotificationResponse of PostgreSQL's protocol. */
    private static final int NOTIFICATION = 'A';

    private final int serverPort;
    private final LoopbackServer listening;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Object change = new Object();
    private volatile boolean cut;
    private volatile boolean stalled;
    private volatile boolean deaf;

    DatabaseLink(int serverPort) {
        this.serverPort = serverPort;
        listening = new LoopbackServer("database-link", this::serve);
    }

    int port() {
        return listening.port();
    }

    /** Ends all connections and refuses new ones. */
    void cut() {
        cut = true;
        dropAll();
    }

    /** No octet passes any more, in neither direction; what is sent waits. */
    void stall() {
        synchronized (change) {
            stalled = true;
        }
    }

    /** Notifications are lost from now on, or no longer. */
    void loseNotifications(boolean now) {
        deaf = now;
    }

    /** Ends the cut or the stall; what waited passes. */
    void restore() {
        synchronized (change) {
            cut = false;
            stalled = false;
            change.notifyAll();
        }
    }

    private void serve(Socket client) throws IOException {
        if (cut) {
            return;
        }
        try (Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort)) {
            server.setTcpNoDelay(true);
            sockets.add(client);
            sockets.add(server);
            if (cut) {
                return;
            }
            Thread back = Thread.ofVirtual().start(() -> carryMessages(server, client));
            carry(client, server);
            back.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(client);
        }
    }

    private void carry(Socket client, Socket server) {
        byte[] buffer = new byte[65_536];
        try (client;
                server) {
            InputStream in = client.getInputStream();
            OutputStream out = server.getOutputStream();
            for (int count; (count = in.read(buffer)) >= 0; ) {
                awaitFlow();
                out.write(buffer, 0, count);
            }
        } catch (IOException e) {
            // One end hung up, or the link was cut: the other end sees it.
            return;
        }
    }

    /** What the server sends are messages of a type, a length and content. */
    private void carryMessages(Socket server, Socket client) {
        try (client;
                server) {
            DataInputStream in =
                    new DataInputStream(new BufferedInputStream(server.getInputStream(), 65_536));
            DataOutputStream out =
                    new DataOutputStream(
                            new BufferedOutputStream(client.getOutputStream(), 65_536));
            for (int type; (type = in.read()) >= 0; ) {
                int length = in.readInt();
                byte[] content = in.readNBytes(length - Integer.BYTES);
                awaitFlow();
                if (type == NOTIFICATION && deaf) {
                    continue;
                }
                out.write(type);
                out.writeInt(length);
                out.write(content);
                if (in.available() == 0) {
                    out.flush();
                }
            }
        } catch (IOException e) {
            // As above.
            return;
        } finally {
            sockets.remove(server);
        }
    }

    private void awaitFlow() throws IOException {
        synchronized (change) {
            while (stalled) {
                try {
                    change.wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IOException(e);
                }
            }
        }
    }

    private void dropAll() {
        for (Socket socket : sockets) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        cut = true;
        synchronized (change) {
            stalled = false;
            change.notifyAll();
        }
        dropAll();
    }
}
