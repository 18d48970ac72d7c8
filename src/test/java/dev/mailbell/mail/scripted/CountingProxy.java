package dev.mailbell.mail.scripted;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A proxy between a client and a server on loopback that counts octets in both directions, and
 * flights: runs of the client's octets after octets of the server.
 */
public final class CountingProxy implements AutoCloseable {
    private final ServerSocket listening;
    private volatile int port;
    private final AtomicLong fromServer = new AtomicLong();
    private final AtomicLong fromClient = new AtomicLong();
    private final AtomicLong flights = new AtomicLong();
    private volatile boolean serverSpoke = true;

    public CountingProxy(int port) {
        this.port = port;
        try {
            listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().name("counting-proxy").start(this::accept);
    }

    /** From now on new connections lead to another server. */
    public void leadTo(int another) {
        port = another;
    }

    public int port() {
        return listening.getLocalPort();
    }

    public long fromServer() {
        return fromServer.get();
    }

    public long fromClient() {
        return fromClient.get();
    }

    public long flights() {
        return flights.get();
    }

    public void reset() {
        fromServer.set(0);
        fromClient.set(0);
        flights.set(0);
        serverSpoke = true;
    }

    private void accept() {
        try {
            while (true) {
                connect(listening.accept());
            }
        } catch (IOException closed) {
            // The test is over.
            return;
        }
    }

    private void connect(Socket client) throws IOException {
        try {
            Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            Thread.startVirtualThread(() -> carry(client, server, true));
            Thread.startVirtualThread(() -> carry(server, client, false));
        } catch (IOException refused) {
            // What the client would have seen of the server.
            client.close();
        }
    }

    private void carry(Socket from, Socket to, boolean client) {
        byte[] buffer = new byte[65_536];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count; (count = in.read(buffer)) >= 0; ) {
                if (client) {
                    fromClient.addAndGet(count);
                    if (serverSpoke) {
                        serverSpoke = false;
                        flights.incrementAndGet();
                    }
                } else {
                    fromServer.addAndGet(count);
                    serverSpoke = true;
                }
                out.write(buffer, 0, count);
            }
        } catch (IOException e) {
            // Either end hung up: so does the other.
            return;
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
