package dev.mailbell.bench.tls;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/**
 * A TLS server in a process of its own, so that the CPU of the measuring process is the client's
 * alone: greets, sends back what it is sent, and resumes sessions. It ends with its input.
 */
final class ServerProcess implements AutoCloseable {
    static final String GREETING = "* OK ready\r\n";
    private static final String PASSWORD = "benchmark";

    private final Process process;
    private final Path folder;
    private final Path file;
    private final int port;
    private final X509Certificate certificate;

    /**
     * @param key EC or RSA
     * @param protocol TLSv1.3 or TLSv1.2
     */
    ServerProcess(String key, String protocol) throws IOException, GeneralSecurityException {
        folder = Files.createTempDirectory("mailbell-bench");
        file = folder.resolve("server.p12");
        Path java = Path.of(System.getProperty("java.home"), "bin");
        List<String> keytool =
                new ArrayList<>(List.of(java.resolve("keytool").toString(), "-genkeypair"));
        keytool.addAll(List.of("-alias", "bench", "-keyalg", key, "-keystore", file.toString()));
        keytool.addAll(key.equals("EC") ? List.of("-groupname", "secp256r1") : List.of());
        keytool.addAll(List.of("-dname", "CN=bench.local", "-storepass", PASSWORD));
        keytool.addAll(List.of("-ext", "san=dns:*.bench.local", "-validity", "2"));
        Process making = new ProcessBuilder(keytool).redirectErrorStream(true).start();
        String said = new String(making.getInputStream().readAllBytes());
        if (!Files.exists(file)) {
            throw new IOException("keytool made no certificate: " + said);
        }
        certificate = (X509Certificate) store(file).getCertificate("bench");
        process =
                new ProcessBuilder(
                                java.resolve("java").toString(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                ServerProcess.class.getName(),
                                file.toString(),
                                protocol)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        BufferedReader answers = process.inputReader();
        String first = answers.readLine();
        if (first == null) {
            throw new IOException("the server did not start");
        }
        port = Integer.parseInt(first);
    }

    int port() {
        return port;
    }

    X509Certificate certificate() {
        return certificate;
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        Files.delete(file);
        Files.delete(folder);
    }

    private static KeyStore store(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream stream = Files.newInputStream(file)) {
            store.load(stream, PASSWORD.toCharArray());
        }
        return store;
    }

    /** The server's own process: key file and protocol. */
    public static void main(String[] arguments) throws IOException, GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store(Path.of(arguments[0])), PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        SSLServerSocket server =
                (SSLServerSocket)
                        context.getServerSocketFactory()
                                .createServerSocket(0, 4096, InetAddress.getLoopbackAddress());
        server.setEnabledProtocols(new String[] {arguments[1]});
        System.out.println(server.getLocalPort());
        Thread.ofPlatform().daemon().start(() -> accept(server));
        while (System.in.read() >= 0) {
            continue;
        }
    }

    private static void accept(SSLServerSocket server) {
        while (true) {
            try {
                Socket socket = server.accept();
                Thread.startVirtualThread(() -> serve(socket));
            } catch (IOException e) {
                System.err.println("bench: a connection could not be taken: " + e.getMessage());
            }
        }
    }

    private static void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            socket.getOutputStream().write(GREETING.getBytes());
            socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException gone) {
            // Clients usually close the connection without a close_notify.
        }
    }
}
