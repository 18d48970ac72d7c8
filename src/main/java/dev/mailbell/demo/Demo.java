package dev.mailbell.demo;

import dev.mailbell.demo.DemoReceiver.Received;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Sends mails to an IMAP and a POP3 mailbox and shows each webhook beside the mails that caused it.
 */
public final class Demo {
    static final String ANN = "ann@demo.example";
    static final String BOB = "bob@demo.example";
    private static final JsonMapper JSON = new JsonMapper();
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());
    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final Duration BETWEEN_MAILS = Duration.ofSeconds(3);
    private static final String[] SUBJECTS = {
        "Lunch on Friday?",
        "Your invoice",
        "Minutes of the meeting",
        "Photos",
        "Re: the plan",
        "Tickets are here"
    };

    private final PrintStream out;
    private final Map<String, Deque<Sent>> unannounced = new HashMap<>();
    private int mailCount;

    private record Sent(String subject, Instant arrived) {}

    /** A demo that prints to {@code out}. */
    public Demo(PrintStream out) {
        this.out = out;
    }

    /** A running daemon, as far as the demo uses it. */
    public interface RunningDaemon extends AutoCloseable {
        URI uri();

        String adminKey();

        @Override
        void close();
    }

    /** Starts a daemon that may use loopback in clear text and checks every second. */
    public interface DaemonStarter {
        RunningDaemon start();
    }

    /**
     * Runs the demo.
     *
     * @param once whether to stop after a few mails; otherwise the demo runs until the process ends
     * @return 0 if every mail was announced exactly once
     */
    public int run(DaemonStarter starter, boolean once)
            throws IOException, InterruptedException, MessagingException {
        out.println(
                "Mailbell demo: a mail server, a webhook receiver and the daemon, all on this machine.");
        try (DemoMailServer mail = new DemoMailServer(ANN, BOB);
                DemoReceiver receiver = new DemoReceiver();
                RunningDaemon daemon = starter.start();
                DemoClient client = new DemoClient(daemon.uri(), daemon.adminKey())) {
            receiver.trust(client.registerWebhook(receiver.url()));
            client.registerAccount(ANN, "imap", mail.imapPort());
            client.registerAccount(BOB, "pop3", mail.pop3Port());
            out.println("  daemon    " + daemon.uri());
            out.println(
                    "  accounts  "
                            + ANN
                            + " over IMAP, "
                            + BOB
                            + " over POP3, checked every second");
            out.println("  webhook   " + receiver.url() + ", every signature is verified");
            out.println();
            if (!awaitBaselines(receiver)) {
                return 1;
            }
            return once ? sendFew(mail, receiver) : sendUntilStopped(mail, receiver);
        }
    }

    /**
     * Messages in a mailbox before the first check are never announced, so the demo waits for that
     * check.
     */
    private boolean awaitBaselines(DemoReceiver receiver) throws InterruptedException {
        int baselines = 0;
        Instant end = Instant.now().plus(TIMEOUT);
        while (baselines < 2) {
            Received received = next(receiver, end);
            if (received == null) {
                out.println(
                        "The daemon did not check both mailboxes within "
                                + TIMEOUT.toSeconds()
                                + " s.");
                return false;
            }
            show(received);
            baselines += typeOf(received).equals("mailbox.baseline") ? 1 : 0;
        }
        return true;
    }

    private int sendFew(DemoMailServer mail, DemoReceiver receiver)
            throws MessagingException, InterruptedException {
        int expected = 0;
        for (int burst = 1; burst <= 3; burst++) {
            for (String to : new String[] {ANN, BOB}) {
                for (int i = 0; i < burst; i++) {
                    send(mail, to);
                    expected++;
                }
            }
            int announced = 0;
            Instant end = Instant.now().plus(TIMEOUT);
            while (announced < burst * 2) {
                Received received = next(receiver, end);
                if (received == null) {
                    out.printf(
                            "%d of %d mails were not announced.%n",
                            burst * 2 - announced, burst * 2);
                    return 1;
                }
                announced += countOf(received);
                show(received);
            }
            if (announced > burst * 2) {
                out.printf(
                        "%d mails were announced, but only %d were sent.%n", announced, burst * 2);
                return 1;
            }
        }
        out.printf("%n%d mails sent, %d announced, each exactly once.%n", expected, expected);
        return 0;
    }

    private int sendUntilStopped(DemoMailServer mail, DemoReceiver receiver)
            throws MessagingException, InterruptedException {
        out.println("Ctrl-C ends the demo.");
        while (true) {
            // Mostly one mail, sometimes two at once, so that counts above 1 appear.
            for (int i = mailCount % 5 == 4 ? 2 : 1; i > 0; i--) {
                send(mail, mailCount / 2 % 2 == 0 ? ANN : BOB);
            }
            Instant next = Instant.now().plus(BETWEEN_MAILS);
            for (Received received = next(receiver, next);
                    received != null;
                    received = next(receiver, next)) {
                show(received);
            }
        }
    }

    private static @Nullable Received next(DemoReceiver receiver, Instant end)
            throws InterruptedException {
        long millis = Math.max(1, Duration.between(Instant.now(), end).toMillis());
        return receiver.received().poll(millis, TimeUnit.MILLISECONDS);
    }

    private void send(DemoMailServer mail, String to) throws MessagingException {
        String subject = SUBJECTS[mailCount++ % SUBJECTS.length];
        mail.send(to, subject);
        Instant arrived = Instant.now();
        unannounced
                .computeIfAbsent(to, address -> new ArrayDeque<>())
                .add(new Sent(subject, arrived));
        out.printf("%s  mail      to %s: \"%s\"%n", TIME.format(arrived), to, subject);
    }

    private static String typeOf(Received received) {
        return JSON.readTree(received.body()).path("type").stringValue();
    }

    private static int countOf(Received received) {
        JsonNode event = JSON.readTree(received.body());
        return event.path("type").stringValue().equals("mail.new")
                ? event.path("data").path("newCount").intValue()
                : 0;
    }

    /** Prints a webhook, and under it the mails that it announces. */
    private void show(Received received) {
        JsonNode event = JSON.readTree(received.body());
        JsonNode data = event.path("data");
        String type = event.path("type").stringValue();
        String address = data.path("address").stringValue();
        if (!type.equals("mail.new")) {
            String total = data.has("total") ? ", total " + data.path("total").intValue() : "";
            out.printf("%s  webhook   %s %s%s%n", TIME.format(received.at()), type, address, total);
            return;
        }
        out.printf(
                "%s  webhook   %s %s, newCount %d, total %d, signature verified%n",
                TIME.format(received.at()),
                type,
                address,
                data.path("newCount").intValue(),
                data.path("total").intValue());
        Deque<Sent> mails = unannounced.getOrDefault(address, new ArrayDeque<>());
        for (int i = data.path("newCount").intValue(); i > 0 && !mails.isEmpty(); i--) {
            Sent sent = mails.removeFirst();
            out.printf(
                    "              └ \"%s\", %d ms after it arrived%n",
                    sent.subject(), Duration.between(sent.arrived(), received.at()).toMillis());
        }
    }
}
