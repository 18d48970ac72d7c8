package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.servers.History;
import dev.mailbell.mail.servers.RealMailServer;
import dev.mailbell.mail.servers.RealMailbox;
import dev.mailbell.mail.servers.RealServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On Courier and Cyrus each message that came is announced once. */
class RealServersCountingTest {
    private static final int STEPS = 200;
    private static final Map<String, String> SETTINGS =
            Map.of(
                    "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                    "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1",
                    "MAILBELL_POLLING_IMAP_MIN", "2s",
                    "MAILBELL_POLLING_IMAP_INTERVAL", "2s",
                    "MAILBELL_POLLING_POP3_MIN", "2s",
                    "MAILBELL_POLLING_POP3_INTERVAL", "2s");

    @TempDir private Path dataDir;

    private record Account(
            String id,
            RealMailbox mail,
            Protocol protocol,
            List<String> mailboxes,
            History history) {}

    @Test
    void over_random_histories_on_courier_and_cyrus_each_message_is_announced_once()
            throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        DaemonProcess daemon = DaemonProcess.start(dataDir, SETTINGS);
        try (Receiver receiver = new Receiver()) {
            Rest rest = daemon.rest();
            receiver.trust(rest.registerWebhook(receiver.url()).path("secret").stringValue());
            List<Account> accounts = new ArrayList<>();
            for (RealServer make : List.of(RealServer.COURIER, RealServer.CYRUS)) {
                for (Protocol protocol : Protocol.values()) {
                    accounts.add(register(rest, make.get(), protocol, random));
                }
            }
            int mailboxes = accounts.stream().mapToInt(each -> each.mailboxes().size()).sum();
            await().until(() -> receiver.count("mailbox.baseline") == mailboxes);
            Map<String, Integer> truth = new HashMap<>();
            Map<String, List<String>> steps = new HashMap<>();
            for (int step = 0; step < STEPS; step++) {
                Account account = accounts.get(random.nextInt(accounts.size()));
                String what = account.history().step();
                rest.check(account.id());
                int unseen = account.mailboxes().stream().mapToInt(account.history()::unseen).sum();
                truth.merge(account.id(), unseen, Integer::sum);
                steps.computeIfAbsent(account.id(), id -> new ArrayList<>())
                        .add(step + ": " + what + " = " + unseen);
            }
            for (Account account : accounts) {
                await(account + " of seed " + seed + ": " + steps.get(account.id()))
                        .untilAsserted(() ->
                                assertThat(
                                                receiver.announced(account.id())
                                                        + receiver.reset(account.id()))
                                        .isEqualTo(truth.getOrDefault(account.id(), 0)));
            }
            // Courier gives some mailboxes a UIDVALIDITY of its clock, and none UIDs that last.
            Account courier = accounts.getFirst();
            await().untilAsserted(() ->
                    assertThat(rest.account(courier.id()).path("proof").stringValue())
                            .isEqualTo("identity"));
            assertThat(receiver.faults()).isEmpty();
        } finally {
            daemon.close();
        }
    }

    private static Account register(
            Rest rest, RealMailServer server, Protocol protocol, Random random) {
        RealMailbox mail = server.freshUser();
        List<String> mailboxes =
                protocol == Protocol.IMAP
                        ? List.of(RealMailbox.INBOX, mail.folder())
                        : List.of(RealMailbox.INBOX);
        Map<String, Object> account =
                new HashMap<>(
                        Rest.account(
                                protocol.name().toLowerCase(Locale.ROOT),
                                server.port(protocol),
                                mail.user(),
                                server.password()));
        if (protocol == Protocol.IMAP) {
            account.put("mailboxes", mailboxes);
        }
        String id = rest.post("/v1/accounts", account).expect(201).path("id").stringValue();
        return new Account(
                id,
                mail,
                protocol,
                mailboxes,
                new History(mail, mail.steps(protocol), random, mailboxes));
    }
}
