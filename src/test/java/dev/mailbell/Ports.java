package dev.mailbell;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.random.RandomGenerator;

/** Ports of loopback that no other process takes while a test relies on them. */
public final class Ports {
    private Ports() {}

    /**
     * A port for a server that another program starts. It is below those that the system lends to
     * outgoing connections, of which one may begin meanwhile.
     */
    public static int free() {
        while (true) {
            int port = RandomGenerator.getDefault().nextInt(10_000, 32_000);
            try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return free.getLocalPort();
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
