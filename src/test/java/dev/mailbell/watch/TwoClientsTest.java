package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.scripted.FakeImap;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Ten thousand dead mailboxes of one client beside a healthy one of another, at one mail host. */
class TwoClientsTest {
    private static final int DEAD = 10_000;

    /** Of 16 permits 8 are for the schedule, of which a server that has not answered has 2. */
    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { concurrency: 16, timeout: 5m, imap: { min: 1s } }
            providers:
              - { match: [127.0.0.1], connections: 20, loginsPerSecond: 1000 }
            """;

    private final WatchKit kit = new WatchKit(YAML);
    private final FakeImap healthy = new FakeImap();
    private final ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Queue<Socket> silentSessions = new ConcurrentLinkedQueue<>();
    private final UUID other = Ids.next();

    TwoClientsTest() throws IOException {
        Thread.ofVirtual().start(this::accept);
    }

    /** Accepts connections and says nothing. */
    private void accept() {
        try {
            while (true) {
                silentSessions.add(silent.accept());
            }
        } catch (IOException closed) {
            assertThat(silent.isClosed()).isTrue();
        }
    }

    @AfterEach
    void close() throws Exception {
        silent.close();
        for (Socket session : silentSessions) {
            session.close();
        }
        kit.close();
        healthy.close();
    }

    /** Registers the dead mailboxes in the table, in one statement. */
    private void storeDead() {
        List<UUID> ids = new ArrayList<>();
        List<byte[]> credentials = new ArrayList<>();
        Account first = kit.account(other, silent.getLocalPort(), "dead", List.of("INBOX"));
        for (int i = 1; i < DEAD; i++) {
            Account account = kit.account(other, silent.getLocalPort(), "dead", List.of("INBOX"));
            ids.add(account.id());
            credentials.add(account.credential());
        }
        kit.database
                .jdbi()
                .useTransaction(handle -> {
                    handle.execute("insert into client (id, name) values (?, 'other')", other);
                });
        kit.accounts.insert(first);
        kit.database
                .jdbi()
                .useTransaction(handle -> {
                    handle.execute(
                            """
                            insert into account select copy.* from account a,
                                unnest(?::uuid[], ?::bytea[]) u(id, credential),
                                lateral jsonb_populate_record(a,
                                    jsonb_build_object('id', u.id, 'credential', u.credential::text)) copy
                            where a.id = ?\
                            """,
                            ids.toArray(UUID[]::new),
                            credentials.toArray(byte[][]::new),
                            first.id());
                    handle.execute(
                            """
                            insert into mailbox (account_id, name) select id, 'INBOX' from account
                            where client_id = ? and id <> ?\
                            """,
                            other,
                            first.id());
                });
    }

    @Test
    void mail_checks_and_new_accounts_of_a_client_do_not_wait_for_those_of_the_other() {
        storeDead();
        // Last in the table, after all that are dead.
        Account pushed = kit.store(healthy.port(), "ann", List.of("INBOX"));
        kit.start();
        await().until(() -> kit.mode(pushed).equals("idle"));
        // All first checks are due now.
        kit.pass(Duration.ofMinutes(1));
        await().until(() -> silentSessions.size() == 2);
        for (int i = 1; i <= 3; i++) {
            int announced = i;
            healthy.deliver("ann");
            await().until(() -> kit.announced(pushed) == announced);
        }
        assertThat(kit.check(pushed)).hasSize(1);
        Account fresh = kit.register(healthy.port(), "bob");
        await().until(() -> !kit.of(fresh, EventType.MAILBOX_BASELINE).isEmpty());
        healthy.deliver("bob");
        assertThat(kit.check(fresh)).hasSize(1);
        assertThat(kit.announced(fresh)).isEqualTo(1);
        assertThat(silentSessions)
                .as("the checks of the other client hang all the while, and a place is left")
                .hasSize(2);
    }
}
