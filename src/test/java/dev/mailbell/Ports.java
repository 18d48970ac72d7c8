package dev.mailbell;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;

/** Ports of loopback that no other process takes while a test relies on them. */
public final class Ports {
    private static final int LOWEST = 10_100;

    /**
     * From this port on the embedded PostgreSQL of the daemons under test takes free ones, and it
     * sees no UDP socket.
     */
    private static final int END = 15_432;

    /** Kept until this JVM ends: they claim the ports of the same numbers. */
    private static final List<DatagramSocket> CLAIMS = new CopyOnWriteArrayList<>();

    private Ports() {}

    /**
     * A port for a server that is started later. It is below those that the system lends to
     * outgoing connections, of which one may begin meanwhile. The other test JVMs do not choose it
     * either: a UDP socket of this JVM has the same number.
     */
    public static int free() {
        while (true) {
            // Browsers refuse port 10080.
            int port = RandomGenerator.getDefault().nextInt(LOWEST, END);
            if (claims(port)) {
                return port;
            }
        }
    }

    private static boolean claims(int port) {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        DatagramSocket claim;
        try {
            claim = new DatagramSocket(port, loopback);
        } catch (SocketException taken) {
            return false;
        }
        try {
            new ServerSocket(port, 1, loopback).close();
        } catch (IOException taken) {
            claim.close();
            return false;
        }
        CLAIMS.add(claim);
        return true;
    }

    /** A port that is bound and not listened on: connections to it are refused. */
    public static final class Closed implements AutoCloseable {
        private final Socket bound = new Socket();

        public Closed() {
            try {
                bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        public int port() {
            return bound.getLocalPort();
        }

        @Override
        public void close() {
            try {
                bound.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
