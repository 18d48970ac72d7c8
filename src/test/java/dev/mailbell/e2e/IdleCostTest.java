package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.Daemon;
import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.embedded.EmbeddedPostgres;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A check that finds nothing writes not one row. */
class IdleCostTest {
    /**
     * The row of the node is renewed once a second, whatever is checked, and measured apart.
     * Requests of the API are in the audit log, also those for a check.
     */
    private static final String NO_HEARTBEATS =
            " where relname <> 'node' and relname not like 'audit%'";

    @TempDir private Path dataDir;

    @Test
    void a_check_that_finds_nothing_writes_nothing() throws Exception {
        Dovecot dovecot = Dovecot.shared();
        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            Configuration configuration =
                    new ConfigurationLoader(
                                    dataDir,
                                    Map.of(
                                            "MAILBELL_DATA_DIR",
                                            dataDir.toString(),
                                            "MAILBELL_HTTP_PORT",
                                            "0",
                                            "MAILBELL_LIMITS_REQUESTS_PER_SECOND",
                                            "100000",
                                            "MAILBELL_DATABASE_URL",
                                            server.address().url(),
                                            "MAILBELL_DATABASE_USERNAME",
                                            server.address().username(),
                                            "MAILBELL_DATABASE_PASSWORD",
                                            server.address().password(),
                                            // Few enough for all to be in use.
                                            "MAILBELL_DATABASE_POOL",
                                            "4",
                                            "MAILBELL_NETWORK_ALLOW_PRIVATE",
                                            "127.0.0.0/8",
                                            "MAILBELL_NETWORK_ALLOW_CLEARTEXT",
                                            "127.0.0.1"))
                            .loadEnvironment();
            try (Daemon daemon = Daemon.start(configuration, DaemonProcess.KEY)) {
                Rest rest = new Rest(daemon.uri(), DaemonProcess.KEY);
                List<String> ids =
                        List.of(
                                account(rest, "imap", dovecot.imapPort(), dovecot.freshUser()),
                                account(rest, "pop3", dovecot.pop3Port(), dovecot.freshUser()));
                for (String id : ids) {
                    await().until(() -> rest.stateOf(id).equals("watching"));
                }
                Jdbi jdbi =
                        Jdbi.create(
                                server.address().url(),
                                server.address().username(),
                                server.address().password());
                // Two accounts, each registered (1 row) and baselined (2 more writes of its own, 1
                // of its mailbox).
                await().until(() -> written(rest, jdbi).getOrDefault("mailbox", 0L) == 4);
                Map<String, Long> before = writtenAtRest(rest, jdbi);
                Map<String, String> rowsBefore = rows(jdbi);
                assertThat(rowsBefore)
                        .containsKeys("account", "mailbox", "known_messages", "event", "delivery");
                for (int check = 0; check < 20; check++) {
                    for (String id : ids) {
                        JsonNode seen = rest.check(id);
                        assertThat(seen.path("mailboxes").path(0).path("newCount").intValue())
                                .isZero();
                        assertThat(seen.path("mailboxes").path(0).path("total").intValue())
                                .isEqualTo(3);
                    }
                }
                assertThat(rows(jdbi)).isEqualTo(rowsBefore);
                assertThat(written(rest, jdbi)).isEqualTo(before);
                requireCheapHeartbeats(jdbi);
            }
        }
    }

    private static String account(Rest rest, String protocol, int port, Maildir maildir) {
        maildir.deliver(3);
        return rest.registerAccount(protocol, port, maildir.user(), Dovecot.PASSWORD);
    }

    /** Each heartbeat is a heap-only update: no index is written, and the row's page is reused. */
    private static void requireCheapHeartbeats(Jdbi jdbi) {
        jdbi.useHandle(handle -> {
            long pages =
                    handle.createQuery("select pg_relation_size('node') / 8192")
                            .mapTo(Long.class)
                            .one();
            assertThat(pages).isEqualTo(1);
            // The heartbeats so far; one of them may not be heap-only.
            long indexed =
                    handle.createQuery(
                                    "select n_tup_upd - n_tup_hot_upd from pg_stat_user_tables where relname = 'node'")
                            .mapTo(Long.class)
                            .one();
            assertThat(indexed).isLessThanOrEqualTo(1);
        });
    }

    /**
     * Rows inserted, updated and deleted so far, by table. PostgreSQL's sessions report what they
     * changed when a statement ends a second or more after their last report, so every connection
     * of the pool is given statements for that long.
     */
    private static Map<String, Long> written(Rest rest, Jdbi jdbi) {
        long end = System.nanoTime() + Duration.ofMillis(1500).toNanos();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<?> caller :
                    IntStream.range(0, 10)
                            .mapToObj(i -> callers.submit(() -> request(rest, end)))
                            .toList()) {
                caller.get();
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "select relname, n_tup_ins + n_tup_upd + n_tup_del as changes from pg_stat_user_tables"
                                        + NO_HEARTBEATS)
                        .reduceRows(
                                new TreeMap<String, Long>(),
                                (map, row) -> {
                                    map.put(
                                            row.getColumn("relname", String.class),
                                            row.getColumn("changes", Long.class));
                                    return map;
                                }));
    }

    /** Requests until a time, and some after it: on a busy machine there may be none before. */
    private static void request(Rest rest, long end) {
        int after = 0;
        while (after < 10) {
            rest.get("/v1/events?limit=1").expect(200);
            after += System.nanoTime() - end >= 0 ? 1 : 0;
        }
    }

    /** The same when nothing more is written: the daemon does some tasks after its start. */
    private static Map<String, Long> writtenAtRest(Rest rest, Jdbi jdbi) {
        AtomicReference<Map<String, Long>> last = new AtomicReference<>(Map.of());
        return await().pollDelay(Duration.ZERO)
                .until(() -> written(rest, jdbi), now -> now.equals(last.getAndSet(now)));
    }

    /** A fingerprint of every table that changes with every row version written. */
    private static Map<String, String> rows(Jdbi jdbi) {
        return jdbi.withHandle(handle -> {
            Map<String, String> prints = new TreeMap<>();
            for (String table :
                    handle.createQuery("select relname from pg_stat_user_tables" + NO_HEARTBEATS)
                            .mapTo(String.class)
                            .list()) {
                prints.put(
                        table,
                        handle.createQuery(
                                        "select coalesce(string_agg(ctid || ' ' || xmin, ',' order by ctid), '') from "
                                                + table)
                                .mapTo(String.class)
                                .one());
            }
            return prints;
        });
    }
}
