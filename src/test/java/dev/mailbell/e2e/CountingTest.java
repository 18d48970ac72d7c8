package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The promise itself: whatever happens to the daemon, each message is announced exactly once. */
class CountingTest {
    private static final int ACCOUNTS = 10;
    private static final int STEPS = 500;
    private static final Map<String, String> SETTINGS =
            Map.of(
                    "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                    "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1",
                    "MAILBELL_POLLING_IMAP_MIN", "1s",
                    "MAILBELL_POLLING_IMAP_INTERVAL", "1s",
                    "MAILBELL_POLLING_POP3_MIN", "1s",
                    "MAILBELL_POLLING_POP3_INTERVAL", "1s",
                    "MAILBELL_WEBHOOKS_RETRY_SCHEDULE",
                            "100ms,200ms,500ms,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s");

    @TempDir private Path dataDir;

    /** One mailbox: its UIDs are 1, 2, 3, … in the order of arrival. */
    private static final class Box {
        final Maildir maildir;
        final String id;
        int arrivals;
        final Set<Integer> deleted = new TreeSet<>();

        Box(Maildir maildir, String id) {
            this.maildir = maildir;
            this.id = id;
        }
    }

    @Test
    void over_arrivals_deletions_failing_webhooks_and_three_kills_every_message_is_announced_once()
            throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Dovecot dovecot = Dovecot.shared();
        AtomicInteger requests = new AtomicInteger();
        DaemonProcess daemon = DaemonProcess.start(dataDir, SETTINGS);
        try (Receiver receiver = new Receiver()) {
            Rest rest = daemon.rest();
            receiver.trust(rest.registerWebhook(receiver.url()).path("secret").stringValue());
            List<Box> boxes = new ArrayList<>();
            for (int i = 0; i < ACCOUNTS; i++) {
                Maildir maildir = dovecot.freshUser();
                boolean imap = i % 2 == 0;
                boxes.add(
                        new Box(
                                maildir,
                                rest.registerAccount(
                                        imap ? "imap" : "pop3",
                                        imap ? dovecot.imapPort() : dovecot.pop3Port(),
                                        maildir.user(),
                                        Dovecot.PASSWORD)));
            }
            await().until(() -> receiver.count("mailbox.baseline") == ACCOUNTS);
            // Every seventh answer is a failure, so that retries and order are part of it.
            receiver.answer(() -> requests.incrementAndGet() % 7 == 0 ? 500 : 204);
            for (int step = 0; step < STEPS; step++) {
                Box box = boxes.get(random.nextInt(ACCOUNTS));
                if (random.nextInt(10) < 7) {
                    box.maildir.deliver(1);
                    box.arrivals++;
                } else {
                    deleteOneThatWasSeen(box, receiver, random);
                }
                if (step % (STEPS / 4) == STEPS / 8 && step > STEPS / 4) {
                    daemon.kill();
                    daemon = DaemonProcess.start(dataDir, SETTINGS);
                    rest = daemon.rest();
                }
            }
            for (Box box : boxes) {
                rest.check(box.id);
            }
            for (Box box : boxes) {
                await("account of seed " + seed)
                        .untilAsserted(() ->
                                assertThat(receiver.announced(box.id)).isEqualTo(box.arrivals));
            }
            assertThat(receiver.faults()).isEmpty();
            Feed feed = new Feed(rest);
            feed.awaitAll();
            assertThat(feed.announced())
                    .as("the feed of seed %s", seed)
                    .isEqualTo(boxes.stream().mapToInt(box -> box.arrivals).sum());
        } finally {
            daemon.close();
        }
    }

    /** Which messages a check has seen is known from what was announced: the first so many. */
    private static void deleteOneThatWasSeen(Box box, Receiver receiver, Random random) {
        List<Integer> seen = new ArrayList<>();
        for (int uid = 1; uid <= receiver.announced(box.id); uid++) {
            if (!box.deleted.contains(uid)) {
                seen.add(uid);
            }
        }
        if (!seen.isEmpty()) {
            int uid = seen.get(random.nextInt(seen.size()));
            box.deleted.add(uid);
            box.maildir.expunge("INBOX", uid);
        }
    }
}
