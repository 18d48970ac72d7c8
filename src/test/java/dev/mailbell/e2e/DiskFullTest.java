package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.mail.scripted.FakeImap;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk of the database is full while the daemon works, and then has space again. */
class DiskFullTest {
    private static final String REASON = "the disk is full";
    private static final String CAUSE =
            "could not extend file \"base/16385/16402\": No space left on device";

    /** Far more than the lines that may report them. */
    private static final int REFUSED = 20;

    private static final List<String> TABLES = List.of("write_probe", "event", "account");

    @TempDir private Path dataDir;

    private DaemonProcess daemon(DatabaseAddress address) {
        return DaemonProcess.start(
                dataDir,
                Map.of(
                        "MAILBELL_DATABASE_URL", address.url(),
                        "MAILBELL_DATABASE_USERNAME", address.username(),
                        "MAILBELL_DATABASE_PASSWORD", address.password(),
                        "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                        "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1",
                        "MAILBELL_POLLING_IMAP_MIN", "1s",
                        "MAILBELL_POLLING_IMAP_INTERVAL", "1s"));
    }

    /**
     * What needs new pages is refused; what changes a row in its page is not. The probe of the
     * daemon is refused first, so that it does not see an end while this goes on.
     */
    private static void fill(Jdbi owner) {
        owner.useHandle(handle -> {
            handle.execute(
                    """
                    create function no_space() returns trigger language plpgsql as $$ begin
                        raise exception '%s' using errcode = '53100';
                    end $$\
                    """
                            .formatted(CAUSE));
            for (String table : TABLES) {
                handle.execute(
                        "create trigger no_space before insert on "
                                + table
                                + " for each statement execute function no_space()");
            }
        });
    }

    /** One table at a time, as above: a transaction that locks several could block the daemon's. */
    private static void free(Jdbi owner) {
        owner.useHandle(handle -> {
            for (String table : TABLES.reversed()) {
                handle.execute("drop trigger no_space on " + table);
            }
        });
    }

    /** A line without what differs in each: an id has other letters, too. */
    private static String kindOf(String line) {
        return line.replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "")
                .replaceAll("[0-9]", "");
    }

    private static Rest.Answer register(Rest rest, int number) {
        return rest.post("/v1/accounts", Rest.account("imap", 1, "refused" + number, "unused"));
    }

    @Test
    void readiness_and_the_log_say_so_and_each_message_is_counted_once() throws Exception {
        DatabaseAddress address = TestDatabase.empty();
        Jdbi owner = Jdbi.create(address.url(), address.username(), address.password());
        try (FakeImap mail = new FakeImap();
                Receiver receiver = new Receiver();
                DaemonProcess daemon = daemon(address)) {
            Rest rest = daemon.rest();
            receiver.trust(rest.registerWebhook(receiver.url()).path("secret").stringValue());
            String id = rest.registerAccount("imap", mail.port(), "ann", "secret");
            await().until(() -> rest.stateOf(id).equals("watching"));
            rest.awaitReady();

            long begun = System.nanoTime();
            fill(owner);
            mail.deliver("ann");
            await().untilAsserted(() -> {
                Rest.Answer notReady = rest.get("/readyz");
                assertThat(notReady.status()).isEqualTo(503);
                assertThat(notReady.body().path("detail").stringValue()).contains(REASON);
            });
            for (int i = 0; i < REFUSED; i++) {
                Rest.Answer refused = register(rest, i);
                assertThat(refused.status()).isEqualTo(503);
                assertThat(refused.body().path("detail").stringValue()).contains(REASON);
            }
            assertThat(receiver.announced(id)).isZero();

            free(owner);
            rest.awaitReady();
            await().until(() -> receiver.announced(id) == 1);
            mail.deliver("ann");
            await().until(() -> receiver.announced(id) == 2);
            assertThat(receiver.faults()).isEmpty();

            assertThat(daemon.log()).contains(REASON, CAUSE).doesNotContain("\tat dev.mailbell");
            long minutes = 1 + Duration.ofNanos(System.nanoTime() - begun).toMinutes();
            Map<String, Long> linesOfAKind =
                    daemon.log()
                            .lines()
                            .filter(line -> line.contains(REASON) || line.contains(CAUSE))
                            .collect(
                                    Collectors.groupingBy(
                                            DiskFullTest::kindOf, Collectors.counting()));
            assertThat(linesOfAKind.values())
                    .as(linesOfAKind.toString())
                    .allMatch(lines -> lines <= minutes);
        }
    }
}
