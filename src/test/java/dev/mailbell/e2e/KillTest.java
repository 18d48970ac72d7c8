package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the daemon and its PostgreSQL at random points under load. {@code -Dmailbell.kills=50} for
 * more of them than a build has time for.
 */
class KillTest {
    private static final int KILLS = Integer.getInteger("mailbell.kills", 4);
    private static final int RESTARTS_OF_POSTGRESQL = 3;
    private static final int ACCOUNTS = 6;
    private static final Map<String, String> SETTINGS =
            Map.of(
                    "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                    "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1",
                    "MAILBELL_POLLING_IMAP_MIN", "1s",
                    "MAILBELL_POLLING_IMAP_INTERVAL", "1s",
                    "MAILBELL_POLLING_POP3_MIN", "1s",
                    "MAILBELL_POLLING_POP3_INTERVAL", "1s",
                    "MAILBELL_WEBHOOKS_RETRY_SCHEDULE",
                            "100ms,100ms,200ms,500ms,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s");

    @TempDir private Path dataDir;

    private record Box(String id, Maildir maildir, AtomicInteger arrivals) {}

    @Test
    void kills_at_random_points_lose_nothing_repeat_nothing_and_keep_the_order() throws Exception {
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
                String id =
                        i % 2 == 0
                                ? rest.registerAccount(
                                        "imap",
                                        dovecot.imapPort(),
                                        maildir.user(),
                                        Dovecot.PASSWORD)
                                : rest.registerAccount(
                                        "pop3",
                                        dovecot.pop3Port(),
                                        maildir.user(),
                                        Dovecot.PASSWORD);
                boxes.add(new Box(id, maildir, new AtomicInteger()));
            }
            await().until(() -> receiver.count("mailbox.baseline") == ACCOUNTS);
            // Every ninth answer is a failure, so that there are second attempts to compare.
            receiver.answer(() -> requests.incrementAndGet() % 9 == 0 ? 500 : 204);

            List<Boolean> ofPostgres =
                    new ArrayList<>(Collections.nCopies(RESTARTS_OF_POSTGRESQL, true));
            ofPostgres.addAll(Collections.nCopies(KILLS, false));
            Collections.shuffle(ofPostgres, random);
            for (boolean postgres : ofPostgres) {
                int from = requests.get();
                int enough = 1 + random.nextInt(ACCOUNTS);
                // The point is so many requests of the receiver after mail arrived.
                await("seed " + seed)
                        .pollInterval(Duration.ofMillis(1 + random.nextInt(50)))
                        .until(() -> {
                            Box box = boxes.get(random.nextInt(ACCOUNTS));
                            box.maildir().deliver(1);
                            box.arrivals().incrementAndGet();
                            return requests.get() >= from + enough;
                        });
                if (postgres) {
                    killPostgres();
                } else {
                    daemon.kill();
                    daemon = DaemonProcess.start(dataDir, SETTINGS);
                    daemon.rest();
                }
            }

            Rest after = daemon.rest();
            after.awaitReady();
            for (Box box : boxes) {
                await("seed " + seed)
                        .untilAsserted(() ->
                                assertThat(receiver.announced(box.id()))
                                        .isEqualTo(box.arrivals().get()));
            }
            assertThat(receiver.faults()).as("seed %s", seed).isEmpty();
            Feed feed = new Feed(after);
            feed.awaitAll();
            for (Box box : boxes) {
                assertThat(detected(receiver, box.id())).as("seed %s", seed).isSorted();
                assertThat(feed.announced(box.id()))
                        .as("the feed of seed %s", seed)
                        .isEqualTo(box.arrivals().get());
            }
        } finally {
            daemon.close();
        }
    }

    /** The daemon starts it again by itself. */
    private void killPostgres() {
        Path file = dataDir.resolve("database/postmaster.pid");
        // It may be starting again after the kill before.
        await().until(() -> {
            try {
                List<String> lines = Files.readAllLines(file);
                return !lines.isEmpty()
                        && ProcessHandle.of(Long.parseLong(lines.getFirst()))
                                .map(ProcessHandle::destroyForcibly)
                                .orElse(false);
            } catch (NoSuchFileException e) {
                return false;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    /** When what was taken had been detected, in the order it came. */
    private static List<Instant> detected(Receiver receiver, String accountId) {
        return receiver.events().stream()
                .filter(event -> event.path("type").stringValue().equals("mail.new"))
                .map(event -> event.path("data"))
                .filter(data -> data.path("accountId").stringValue().equals(accountId))
                .map(data -> Instant.parse(data.path("detectedAt").stringValue()))
                .toList();
    }
}
