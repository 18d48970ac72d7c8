package dev.mailbell.mail;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A proxy of a POP3 server that removes PIPELINING from its capabilities. */
final class WithoutPipelining implements AutoCloseable {
    private static final String OFFER = "PIPELINING\r\n";

    private final ServerSocket listening;
    private final int target;

    WithoutPipelining(int target) throws IOException {
        this.target = target;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                Thread.startVirtualThread(() -> copy(client, server, false));
                Thread.startVirtualThread(() -> copy(server, client, true));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private static void copy(Socket from, Socket to, boolean filtered) {
        try (from;
                to) {
            InputStream in = new BufferedInputStream(from.getInputStream());
            OutputStream out = new BufferedOutputStream(to.getOutputStream());
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int octet = in.read(); octet >= 0; octet = in.read()) {
                line.write(octet);
                if (octet == '\n') {
                    if (!filtered || !line.toString(StandardCharsets.ISO_8859_1).equals(OFFER)) {
                        line.writeTo(out);
                    }
                    line.reset();
                    if (in.available() == 0) {
                        out.flush();
                    }
                }
            }
        } catch (IOException gone) {
            // One side hung up; the other is closed with it.
            return;
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
