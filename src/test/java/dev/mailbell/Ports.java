package dev.mailbell;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;

/** Ports of loopback that no other process takes while a test relies on them. */
public final class Ports {
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
            // No browser opens 10080.
            int port = RandomGenerator.getDefault().nextInt(10_100, 32_000);
            InetAddress loopback = InetAddress.getLoopbackAddress();
            try {
                CLAIMS.add(new DatagramSocket(port, loopback));
                new ServerSocket(port, 1, loopback).close();
                return port;
            } catch (IOException taken) {
                continue;
            }
        }
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
