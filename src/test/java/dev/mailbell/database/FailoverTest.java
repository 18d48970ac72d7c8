package dev.mailbell.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.embedded.EmbeddedPostgres;
import dev.mailbell.embedded.ReplicatedServers;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.util.GT;

/** A primary that is gone, a standby in its place, and its promotion. */
class FailoverTest {
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final Duration PROBE = Duration.ofSeconds(20);

    @TempDir private Path directory;

    private static boolean writes(Database database) {
        return database.jdbi()
                        .withHandle(handle ->
                                handle.execute("insert into write_probe values ('failover')"))
                == 1;
    }

    private static DatabaseAddress of(EmbeddedPostgres... servers) {
        StringBuilder hosts = new StringBuilder();
        for (EmbeddedPostgres server : servers) {
            hosts.append(hosts.isEmpty() ? "" : ",")
                    .append("127.0.0.1:")
                    .append(ReplicatedServers.port(server.address()));
        }
        DatabaseAddress any = servers[0].address();
        return new DatabaseAddress(
                "jdbc:postgresql://" + hosts + "/mailbell", any.username(), any.password());
    }

    @Test
    void of_several_hosts_the_one_that_accepts_writes_is_used_before_and_after_a_promotion() {
        try (ReplicatedServers servers = ReplicatedServers.start(directory)) {
            // A standby alone is refused at the start, with what to do.
            assertThatExceptionOfType(DatabaseException.class)
                    .isThrownBy(() -> Database.open(of(servers.standby()), 4))
                    .withMessageContaining("only reads")
                    .withMessageContaining("jdbc:postgresql://db1,db2/mailbell");
            try (Database database = Database.open(of(servers.primary(), servers.standby()), 4)) {
                database.migrate();
                assertThat(writes(database)).isTrue();
                servers.primary().close();
                await().untilAsserted(() ->
                        assertThat(database.outage(PROBE)).contains(Outage.READ_ONLY));
                // A known outage fails at once, without the pool's 5 s.
                long begun = System.nanoTime();
                for (int i = 0; i < 20; i++) {
                    assertThatExceptionOfType(RuntimeException.class)
                            .isThrownBy(() -> writes(database))
                            .matches(e ->
                                    Database.outageOf(e).equals(Optional.of(Outage.READ_ONLY)));
                }
                assertThat(System.nanoTime() - begun).isLessThan(PATIENCE.toNanos());
                servers.promote();
                await().until(() -> database.outage(PROBE).isEmpty());
                assertThat(writes(database)).isTrue();
            }
            // The old primary stays in the URL and is away; the order does not matter.
            try (Database database = Database.open(of(servers.primary(), servers.standby()), 4)) {
                assertThat(writes(database)).isTrue();
            }
        }
    }

    @Test
    void a_standby_named_first_is_skipped_at_the_start() {
        try (ReplicatedServers servers = ReplicatedServers.start(directory);
                Database database = Database.open(of(servers.standby(), servers.primary()), 4)) {
            database.migrate();
            assertThat(writes(database)).isTrue();
        }
    }

    @Test
    void the_drivers_message_for_no_primary_is_an_outage_in_every_language() {
        SQLException english =
                new SQLException(
                        "Could not find a server with specified targetServerType: primary",
                        "08001");
        assertThat(Outage.of(english)).contains(Outage.READ_ONLY);
        assertThat(Outage.of(new SQLException("Connection refused", "08001")))
                .contains(Outage.AWAY);
        assertThat(Outage.of(Outage.READ_ONLY.failure())).contains(Outage.READ_ONLY);
        assertThat(Outage.of(Outage.AWAY.failure())).contains(Outage.AWAY);
        Locale before = Locale.getDefault();
        try {
            for (String language : new String[] {"de", "fr", "ja", "zh", "ru", "pl", "it", "cs"}) {
                Locale.setDefault(Locale.of(language));
                assertThat(
                                GT.tr(
                                        "Could not find a server with specified targetServerType: {0}",
                                        "primary"))
                        .contains("targetServerType");
            }
        } finally {
            Locale.setDefault(before);
        }
    }
}
