package dev.mailbell.mail.dovecot;

import dev.mailbell.Ports;
import dev.mailbell.mail.scripted.TestTls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One Dovecot for all tests of a JVM: IMAP and POP3 on loopback, in clear text with STARTTLS and
 * STLS, and over TLS. Every user name is valid with {@link #PASSWORD}; each test takes a
 * {@linkplain #freshUser fresh one}, whose maildir is empty.
 *
 * <p>Works as root, with the mail owned by the user "nobody", and as an ordinary user.
 */
public final class Dovecot implements AutoCloseable {
    public static final String PASSWORD = "s3\"cr\\et";
    public static final String HOST = "127.0.0.1";

    private static final Path BINARY = Path.of("/usr/sbin/dovecot");
    private static final List<Path> SERVICES =
            List.of(Path.of("/usr/lib/dovecot/imap"), Path.of("/usr/lib/dovecot/pop3"));
    private static final Duration START = Duration.ofSeconds(180);
    private static final AtomicInteger USERS = new AtomicInteger();
    private static @Nullable Dovecot shared;

    private final Path home;
    private final int[] ports;
    private final Process process;

    private Dovecot(Path home, int[] ports, Process process) {
        this.home = home;
        this.ports = ports;
        this.process = process;
    }

    /**
     * The server, started when it is first asked for and stopped with the JVM.
     *
     * @throws IllegalStateException when Dovecot is missing or does not start, with the reason
     */
    public static synchronized Dovecot shared() {
        if (shared == null) {
            shared = start("plain login");
            Runtime.getRuntime().addShutdownHook(new Thread(shared::close, "dovecot-stop"));
        }
        return shared;
    }

    /**
     * A server of its own that allows certain SASL mechanisms alone.
     *
     * @param mechanisms as Dovecot's {@code auth_mechanisms} has them
     */
    public static Dovecot withMechanisms(String mechanisms) {
        return start(mechanisms);
    }

    public int imapPort() {
        return ports[0];
    }

    public int imapsPort() {
        return ports[1];
    }

    public int pop3Port() {
        return ports[2];
    }

    public int pop3sPort() {
        return ports[3];
    }

    /** The certificate that a client must trust; its names are localhost and 127.0.0.1. */
    public String caPem() {
        return TestTls.caPem();
    }

    /** A new user that no other test uses, with an empty INBOX. */
    public Maildir freshUser() {
        return new Maildir(this, home.resolve("mail"), "user" + USERS.incrementAndGet());
    }

    /**
     * Runs {@code doveadm}.
     *
     * @return what it printed
     * @throws IllegalStateException when it fails, with what it said
     */
    String doveadm(String... arguments) {
        List<String> command =
                new ArrayList<>(List.of("/usr/bin/doveadm", "-c", conf(home).toString()));
        command.addAll(List.of(arguments));
        try {
            Process doveadm =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .directory(home.toFile())
                            .start();
            doveadm.getOutputStream().close();
            String said = new String(doveadm.getInputStream().readAllBytes());
            if (!doveadm.waitFor(180, TimeUnit.SECONDS) || doveadm.exitValue() != 0) {
                doveadm.destroyForcibly();
                throw new IllegalStateException(String.join(" ", command) + " failed: " + said);
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while doveadm ran", e);
        }
    }

    private static Dovecot start(String mechanisms) {
        requireInstalled();
        for (int attempt = 1; ; attempt++) {
            try {
                return startOnce(mechanisms);
            } catch (IllegalStateException e) {
                // A port that was free a moment ago may be taken by now.
                if (attempt == 3 || !String.valueOf(e.getMessage()).contains("already in use")) {
                    throw e;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void requireInstalled() {
        boolean missing =
                Stream.concat(Stream.of(BINARY), SERVICES.stream())
                        .anyMatch(file -> !Files.exists(file));
        if (missing) {
            throw new IllegalStateException(
                    "these tests need Dovecot 2.3: install the Debian packages dovecot-imapd and"
                            + " dovecot-pop3d (bin/verify does)");
        }
    }

    private static Dovecot startOnce(String mechanisms) throws IOException {
        Path home = Files.createTempDirectory("mailbell-dovecot-");
        // The mail's owner must be able to pass through.
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createDirectory(home.resolve("mail"));
        Files.setPosixFilePermissions(
                home.resolve("mail"), PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.writeString(home.resolve("cert.pem"), TestTls.caPem());
        Files.writeString(home.resolve("key.pem"), TestTls.privateKeyPem());
        int[] ports = IntStream.generate(Ports::free).distinct().limit(4).toArray();
        Files.writeString(conf(home), Configuration.text(home, ports, PASSWORD, mechanisms));
        Process process =
                new ProcessBuilder(BINARY.toString(), "-F", "-c", conf(home).toString())
                        .redirectErrorStream(true)
                        .redirectOutput(home.resolve("out.log").toFile())
                        .directory(home.toFile())
                        .start();
        Dovecot server = new Dovecot(home, ports, process);
        try {
            server.awaitPorts();
        } catch (IllegalStateException e) {
            server.close();
            throw e;
        }
        return server;
    }

    private static Path conf(Path home) {
        return home.resolve("dovecot.conf");
    }

    private void awaitPorts() throws IOException {
        Instant end = Instant.now().plus(START);
        for (int port : ports) {
            while (!listens(port)) {
                if (!process.isAlive() || Instant.now().isAfter(end)) {
                    throw new IllegalStateException("Dovecot does not start: " + log());
                }
                try {
                    Thread.sleep(20);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException("interrupted while Dovecot starts", e);
                }
            }
        }
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(HOST, port), 1_000);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    /** What Dovecot has written to its log so far. */
    public String log() throws IOException {
        StringBuilder log = new StringBuilder();
        for (String file : List.of("out.log", "dovecot.log")) {
            if (Files.exists(home.resolve(file))) {
                log.append(Files.readString(home.resolve(file)));
            }
        }
        return log.toString();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            try (Stream<Path> files = Files.walk(home)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException | UncheckedIOException | InterruptedException e) {
            // A process of Dovecot that ends late may remove a file that is walked over just now.
            System.err.println("Dovecot's directory " + home + " is left behind: " + e);
        }
    }
}
