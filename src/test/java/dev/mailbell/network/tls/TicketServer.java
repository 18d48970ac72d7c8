package dev.mailbell.network.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.mailbell.network.Deadline;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

/**
 * A TLS server that allows sessions to be resumed and greets with one line. It answers no
 * ClientHello before all connections of a group have sent theirs.
 */
final class TicketServer implements AutoCloseable {
    private final ServerSocket listening =
            new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final SSLContext context;
    private final String host;
    private final String caPem;
    private final String protocol;
    private volatile CountDownLatch hellos = new CountDownLatch(1);

    TicketServer(HeldCertificate certificate, String host, String caPem, String protocol)
            throws IOException {
        this.context =
                new HandshakeCertificates.Builder()
                        .heldCertificate(certificate)
                        .build()
                        .sslContext();
        this.host = host;
        this.caPem = caPem;
        this.protocol = protocol;
        threads.submit(() -> {
            while (true) {
                Socket socket = listening.accept();
                threads.submit(() -> serve(socket));
            }
        });
    }

    private int serve(Socket plain) throws IOException, InterruptedException {
        try (plain) {
            byte[] first = plain.getInputStream().readNBytes(1);
            CountDownLatch all = hellos;
            all.countDown();
            if (!all.await(180, TimeUnit.SECONDS)) {
                throw new SocketException("the other connections did not come");
            }
            SSLSocket socket =
                    (SSLSocket)
                            context.getSocketFactory()
                                    .createSocket(plain, new ByteArrayInputStream(first), true);
            socket.setUseClientMode(false);
            socket.setEnabledProtocols(new String[] {protocol});
            socket.getOutputStream().write("hello\n".getBytes(US_ASCII));
            return socket.getInputStream().read();
        }
    }

    /**
     * Connects, reads the greeting and leaves.
     *
     * @return when the session was made, in milliseconds since 1970: of a resumed one, when it was
     *     made first
     */
    long connect(TlsContexts tls, boolean verify) throws IOException {
        hellos = new CountDownLatch(1);
        return talk(tls, new TlsTrust(verify, caPem));
    }

    /** The same with a pinned key. */
    long connect(TlsContexts tls, KeyPin pin) throws IOException {
        hellos = new CountDownLatch(1);
        return talk(tls, new TlsTrust(true, caPem, List.of(pin)));
    }

    private long talk(TlsContexts tls, TlsTrust trust) throws IOException {
        int port = listening.getLocalPort();
        Socket plain = new Socket(InetAddress.getLoopbackAddress(), port);
        Deadline deadline = Deadline.after(Duration.ofSeconds(60));
        try (SSLSocket socket = tls.wrap(plain, host, port, trust, deadline)) {
            // The ticket of TLS 1.3 comes behind the handshake: before the greeting.
            byte[] greeting = socket.getInputStream().readNBytes(6);
            if (!new String(greeting, US_ASCII).equals("hello\n")) {
                throw new IOException("no greeting");
            }
            return socket.getSession().getCreationTime();
        }
    }

    /** The same with several connections whose handshakes are all under way at one moment. */
    List<Long> connectAtOnce(TlsContexts tls, int many) throws Exception {
        hellos = new CountDownLatch(many);
        List<Callable<Long>> calls = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            calls.add(() -> talk(tls, new TlsTrust(true, caPem)));
        }
        List<Long> creations = new ArrayList<>();
        for (Future<Long> call : threads.invokeAll(calls)) {
            creations.add(call.get());
        }
        return creations;
    }

    @Override
    public void close() throws IOException {
        listening.close();
        threads.shutdownNow();
    }
}
