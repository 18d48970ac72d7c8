package dev.mailbell.api;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.Outage;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.embedded.EmbeddedPostgres;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A database server that answers but refuses writes: after a failover, on a full disk. */
class DatabaseRefusesTest {
    private static final Duration PROBE = Duration.ofSeconds(20);

    @TempDir private static Path directory;

    private static EmbeddedPostgres server;
    private static Database database;
    private static TestApi api;
    private static Jdbi admin;
    private static final PrometheusMeterRegistry METERS =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    @BeforeAll
    static void start() {
        server = TestDatabase.privateServer(directory);
        database = Database.open(server.address(), 4);
        database.measure(METERS);
        database.migrate();
        api = new TestApi(database);
        admin =
                Jdbi.create(
                        server.superuserAddress("mailbell").url(),
                        server.superuserAddress("mailbell").username(),
                        server.superuserAddress("mailbell").password());
    }

    @AfterAll
    static void stop() {
        api.close();
        server.close();
    }

    /** A new account each time: one that was stored before would be a conflict. */
    private static HttpResponse<String> write(String ref) {
        return api.client().post("/v1/accounts", TestApi.imap(ref + "-" + UUID.randomUUID()));
    }

    private static void readOnly(String value) {
        // A separate session that may write although the server's default is read-only.
        admin.useHandle(handle -> {
            handle.execute("set default_transaction_read_only = off");
            handle.execute("alter system set default_transaction_read_only = " + value);
            handle.execute("select pg_reload_conf()");
        });
    }

    @Test
    void sessions_with_a_server_that_became_read_only_are_dropped_and_writes_come_back() {
        for (int i = 0; i < 3; i++) {
            String ref = "failover-" + i;
            assertThat(write(ref + "-before").statusCode()).isEqualTo(201);
            readOnly("on");
            // The server's backends read the new setting one after another.
            await().until(() -> write(ref).statusCode() == 503);
            HttpResponse<String> refused = write(ref);
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.headers().firstValueAsLong("Retry-After").orElse(0)).isPositive();
            assertThat(database.outage(PROBE)).contains(Outage.READ_ONLY);
            assertThat(METERS.scrape().contains("database_refusing{reason=\"read_only\"} 1.0"))
                    .isTrue();
            readOnly("off");
            await().until(() -> write(ref).statusCode() == 201);
            await().until(() -> database.outage(PROBE).isEmpty());
        }
    }

    @Test
    void a_full_disk_is_reported_and_recovers_by_itself() {
        admin.useHandle(handle -> {
            handle.execute(
                    """
                    create function no_space() returns trigger language plpgsql as $$ begin
                        raise exception 'could not extend file "base/16385/16402": No space left on device'
                            using errcode = '53100';
                    end $$\
                    """);
            for (String table : new String[] {"account", "write_probe"}) {
                handle.execute(
                        "create trigger no_space before insert on "
                                + table
                                + " for each statement execute function no_space()");
            }
        });
        HttpResponse<String> refused = write("full");
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.headers().firstValueAsLong("Retry-After").orElse(0)).isPositive();
        assertThat(json(refused).required("type").stringValue()).endsWith("unavailable");
        assertThat(json(refused).required("detail").stringValue()).contains("the disk is full");
        assertThat(database.outage(PROBE)).contains(Outage.DISK_FULL);
        assertThat(METERS.scrape()).contains("database_refusing{reason=\"disk_full\"} 1.0");
        // Reads still succeed.
        assertThat(api.client().get("/v1/accounts").statusCode()).isEqualTo(200);

        admin.useHandle(handle -> handle.execute("drop function no_space() cascade"));
        assertThat(write("full").statusCode()).isEqualTo(201);
        await().until(() -> database.outage(PROBE).isEmpty());
        assertThat(METERS.scrape()).contains("database_refusing{reason=\"disk_full\"} 0.0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"55P03", "57014", "40P01"})
    void a_statement_that_waits_too_long_for_others_is_no_fault_of_the_daemon(String state) {
        admin.useHandle(handle -> {
            handle.execute(
                    """
                    create function too_long() returns trigger language plpgsql as $$ begin
                        raise exception 'canceling statement due to a timeout' using errcode = '%s';
                    end $$\
                    """
                            .formatted(state));
            handle.execute(
                    "create trigger too_long before insert on account"
                            + " for each statement execute function too_long()");
        });
        try {
            for (HttpResponse<String> refused :
                    List.of(
                            write("busy"),
                            api.client()
                                    .with("Idempotency-Key", "busy-" + state)
                                    .post("/v1/accounts", TestApi.imap("busy-" + state)))) {
                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(json(refused).required("detail").stringValue())
                        .contains("the database is busy");
            }
            assertThat(database.outage(PROBE)).isEmpty();
        } finally {
            admin.useHandle(handle -> handle.execute("drop function too_long() cascade"));
        }
        assertThat(write("busy").statusCode()).isEqualTo(201);
    }
}
