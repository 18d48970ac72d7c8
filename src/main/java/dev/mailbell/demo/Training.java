package dev.mailbell.demo;

import dev.mailbell.demo.DemoReceiver.Received;
import dev.mailbell.embedded.PostgresPrograms;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Trains the daemon for its AOT cache: a short load of what daemons do, on loopback. Java notes the
 * classes and hot methods and writes the cache when the daemon ends. The cache is worth keeping
 * only if every mail was announced and the daemon ended in order.
 */
public final class Training {
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * Of three mailboxes one is pushed, one polled over IMAP and one over POP3, each with TLS and
     * without.
     */
    private static final int MAILBOXES = 48;

    private static final long NANOS_BETWEEN_MAILS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final int MAILS_BETWEEN_REQUESTS = 50;
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final Path launcher;
    private final Path cache;
    private final int mails;
    private final PrintWriter out;

    /**
     * @param launcher {@code bin/mailbell}
     * @param cache what Java is to write
     * @param mails how many mails are delivered
     */
    public Training(Path launcher, Path cache, int mails, PrintWriter out) {
        this.launcher = launcher;
        this.cache = cache;
        this.mails = mails;
        this.out = out;
    }

    /**
     * Trains; afterwards the cache is there.
     *
     * @throws TrainingFailedException when a mail was not announced, or the daemon failed
     */
    public void run()
            throws IOException, InterruptedException, MessagingException, TrainingFailedException {
        // PostgreSQL, which runs as another user when this is root, must get in.
        Path directory =
                Files.createTempDirectory(
                        "mailbell-training",
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rwxr-xr-x")));
        // By this process: what it takes to unpack them must not be in the cache.
        PostgresPrograms.unpackedIn(Files.createDirectory(directory.resolve("data")));
        try (TrainingMailServer mail = new TrainingMailServer(MAILBOXES);
                DemoReceiver receiver = new DemoReceiver();
                TrainingDaemon daemon = new TrainingDaemon(launcher, directory, cache)) {
            say("Training: %d mailboxes, %d mails.", MAILBOXES, mails);
            try (DemoClient client = new DemoClient(daemon.awaitReady(), TrainingDaemon.KEY)) {
                receiver.trust(client.registerWebhook(receiver.url()));
                for (int mailbox = 0; mailbox < MAILBOXES; mailbox++) {
                    client.registerAccount(registration(mail, mailbox));
                }
                await(daemon, receiver, "mailbox.baseline", MAILBOXES);
                deliver(mail, client);
                await(daemon, receiver, "mail.new", mails);
            }
            say("%d mails announced; Java writes the cache.", mails);
            daemon.stop();
            if (!Files.exists(cache)) {
                throw daemon.failure("Java wrote no cache", null);
            }
        } finally {
            remove(directory);
        }
    }

    private void say(String format, Object... values) {
        out.printf(format + "%n", values);
        out.flush();
    }

    private static String registration(TrainingMailServer mail, int mailbox) {
        boolean imap = mailbox % 3 != 0;
        boolean tls = mailbox % 2 == 0;
        var body = JSON.createObjectNode().put("address", TrainingMailServer.address(mailbox));
        body.put("ref", "training-" + mailbox);
        body.putObject("watch").put("push", mailbox % 3 == 1).put("envelopes", mailbox % 4 < 2);
        body.putObject("mail")
                .put("protocol", imap ? "imap" : "pop3")
                .put("host", TrainingMailServer.HOST)
                .put("port", mail.port(imap, tls))
                .put("security", tls ? "tls" : "none")
                .put("password", TrainingMailServer.PASSWORD)
                // The server's certificate is made up.
                .putObject("tls")
                .put("verify", false);
        return JSON.writeValueAsString(body);
    }

    private void deliver(TrainingMailServer mail, DemoClient client)
            throws MessagingException, IOException, InterruptedException {
        long next = System.nanoTime();
        for (int number = 0; number < mails; number++) {
            mail.deliver(number % MAILBOXES, number);
            if (number % MAILS_BETWEEN_REQUESTS == 0) {
                for (String path :
                        new String[] {
                            "/v1/accounts?limit=10",
                            "/v1/events?limit=10",
                            "/v1/webhooks",
                            "/v1/stats",
                            "/readyz",
                            "/metrics"
                        }) {
                    client.get(path);
                }
            }
            next += NANOS_BETWEEN_MAILS;
            LockSupport.parkNanos(next - System.nanoTime());
        }
    }

    /** Waits until the webhooks of a type amount to this. */
    private static void await(
            TrainingDaemon daemon, DemoReceiver receiver, String type, int expected)
            throws InterruptedException, TrainingFailedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        int sum = 0;
        while (sum < expected) {
            Received received =
                    receiver.received().poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (received == null) {
                throw daemon.failure(
                        "the webhooks of %s say %d of %d".formatted(type, sum, expected), null);
            }
            JsonNode event = JSON.readTree(received.body());
            if (event.path("type").stringValue().equals(type)) {
                JsonNode count = event.path("data").path("newCount");
                sum += type.equals("mail.new") ? count.intValue() : 1;
            }
        }
        if (sum > expected) {
            throw daemon.failure(
                    "the webhooks of %s say %d, but it were %d".formatted(type, sum, expected),
                    null);
        }
    }

    private static void remove(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (UncheckedIOException e) {
            throw new IOException("the files of the training are left in " + directory, e);
        }
    }
}
