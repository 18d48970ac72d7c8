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
    private static final Duration PATIENCE = Duration.ofSeconds(30);
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
    private final Map<String, Deque<Sent>> underWay = new HashMap<>();
    private int mails;

    private record Sent(String subject, Instant arrived) {}

    /** The demo itself, apart from the daemon it shows. */
    public Demo(PrintStream out) {
        this.out = out;
    }

    /** What the demo needs of a daemon: where its API is, and to be able to stop it. */
    public interface RunningDaemon extends AutoCloseable {
        URI uri();

        String adminKey();

        @Override
        void close();
    }

    /** Starts a daemon that may speak to loopback in clear text and looks every second. */
    public interface DaemonStarter {
        RunningDaemon start();
    }

    /**
     * Runs the demo.
     *
     * @param once whether to end after a few mails; otherwise it goes on until the process is
     *     stopped
     * @return 0 when every mail was announced exactly once
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
                            + " over POP3, looked at every second");
            out.println("  webhook   " + receiver.url() + ", every signature is verified");
            out.println();
            if (!awaitBaselines(receiver)) {
                return 1;
            }
            return once ? few(mail, receiver) : many(mail, receiver);
        }
    }

    /**
     * What is in a mailbox before the first look is never announced, so the demo waits for that
     * look.
     */
    private boolean awaitBaselines(DemoReceiver receiver) throws InterruptedException {
        int baselines = 0;
        Instant end = Instant.now().plus(PATIENCE);
        while (baselines < 2) {
            Received received = next(receiver, end);
            if (received == null) {
                out.println(
                        "The daemon did not look at both mailboxes within "
                                + PATIENCE.toSeconds()
                                + " s.");
                return false;
            }
            show(received);
            baselines += typeOf(received).equals("mailbox.baseline") ? 1 : 0;
        }
        return true;
    }

    private int few(DemoMailServer mail, DemoReceiver receiver)
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
            Instant end = Instant.now().plus(PATIENCE);
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

    private int many(DemoMailServer mail, DemoReceiver receiver)
            throws MessagingException, InterruptedException {
        out.println("Ctrl-C ends the demo.");
        while (true) {
            // One mail, now and then two at once, so that counts are seen to be counts.
            for (int i = mails % 5 == 4 ? 2 : 1; i > 0; i--) {
                send(mail, mails / 2 % 2 == 0 ? ANN : BOB);
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
        String subject = SUBJECTS[mails++ % SUBJECTS.length];
        mail.send(to, subject);
        Instant arrived = Instant.now();
        underWay.computeIfAbsent(to, address -> new ArrayDeque<>()).add(new Sent(subject, arrived));
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

    /** Prints a webhook, beside the mails that caused it if it announces some. */
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
        Deque<Sent> waiting = underWay.getOrDefault(address, new ArrayDeque<>());
        for (int i = data.path("newCount").intValue(); i > 0 && !waiting.isEmpty(); i--) {
            Sent sent = waiting.removeFirst();
            out.printf(
                    "              └ \"%s\", %d ms after it arrived%n",
                    sent.subject(), Duration.between(sent.arrived(), received.at()).toMillis());
        }
    }
}
