package dev.mailbell.cli.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.cli.Main;
import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.AuditEntry;
import dev.mailbell.client.AuditStore;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.KeyText;
import dev.mailbell.client.KnownKey;
import dev.mailbell.client.Scope;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Beside a daemon: this process holds the embedded server and the lock of its directory. */
class ApiKeysCommandTest {
    @TempDir private static Path dataDir;
    private static EmbeddedPostgres server;
    private static Database database;
    private static Path config;

    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void startServer() throws IOException {
        server = TestDatabase.privateServer(dataDir);
        database = Database.open(server.address(), 2);
        config = dataDir.resolve("mailbell.yaml");
        Files.writeString(config, "dataDir: " + dataDir + "\n");
    }

    @AfterAll
    static void stopServer() {
        database.close();
        server.close();
    }

    private String fails(String... arguments) {
        assertThat(execute(new StringWriter(), arguments)).isNotZero();
        return err.toString();
    }

    private String run(String... arguments) {
        StringWriter out = new StringWriter();
        assertThat(execute(out, arguments)).as(err.toString()).isZero();
        return out.toString().strip();
    }

    private int execute(StringWriter out, String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.add("--config=" + config);
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(all.toArray(String[]::new));
    }

    private static Optional<KnownKey> known(String text) {
        return new ApiKeyStore(database.jdbi()).known(KeyText.parse(text).orElseThrow().hash());
    }

    @Test
    void clients_and_keys_are_made_and_revoked_beside_a_running_daemon() {
        assertThat(fails("clients", "list")).contains("mailbell migrate");
        database.migrate();
        assertThat(run("clients", "list")).isEqualTo(ClientStore.DEFAULT + "  default");

        assertThat(fails("clients", "list", "--json")).contains("--json is for the API");
        String client = run("clients", "add", "billing");
        assertThat(run("clients", "list").lines()).contains(client + "  billing");
        assertThat(fails("clients", "add", "billing")).contains("already a client named billing");

        String text = run("api-keys", "add", "billing", "--name=web", "--days=30");
        KnownKey key = known(text).orElseThrow();
        assertThat(key.clientId()).isEqualTo(UUID.fromString(client));
        assertThat(key.scopes()).contains(Scope.ACCOUNTS_READ, Scope.ACCOUNTS_CREDENTIALS);
        assertThat(key.isValid(Instant.now().plus(Duration.ofDays(29)))).isTrue();
        assertThat(key.isValid(Instant.now().plus(Duration.ofDays(31)))).isFalse();
        assertThat(run("api-keys", "list", client))
                .startsWith(key.id() + "  " + text.substring(0, 10) + "…  web  accounts:read,")
                .doesNotContain(text);

        String rotated = run("api-keys", "rotate", "billing", key.id().toString());
        assertThat(known(rotated).map(KnownKey::id)).contains(key.id());
        assertThat(known(text).orElseThrow().isValid(Instant.now().plus(Duration.ofHours(23))))
                .isTrue();
        assertThat(known(text).orElseThrow().isValid(Instant.now().plus(Duration.ofHours(25))))
                .isFalse();

        run("api-keys", "revoke", "billing", key.id().toString());
        assertThat(known(text)).isEmpty();
        assertThat(known(rotated)).isEmpty();
        assertThat(fails("api-keys", "revoke", "billing", key.id().toString()))
                .contains("no key with this id");
        assertThat(fails("api-keys", "add", "nobody", "--name=x")).contains("no client");
        assertThat(fails("api-keys", "add", "billing", "--name=x", "--scopes=admin"))
                .contains("is not a scope");

        List<AuditEntry> entries =
                new AuditStore(database.jdbi())
                        .after(
                                new AuditStore.Filter(
                                        key.clientId(), null, null, null, null, null, null),
                                null,
                                10);
        assertThat(entries.stream().map(AuditEntry::action))
                .containsExactly(
                        "clients add", "api-keys add", "api-keys rotate", "api-keys revoke");
        assertThat(entries).allMatch(entry -> entry.keyId().equals("command-line"));
    }
}
