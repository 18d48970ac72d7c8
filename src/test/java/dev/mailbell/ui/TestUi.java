package dev.mailbell.ui;

import dev.mailbell.api.TestApi;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.config.reload.LiveConfiguration;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.routing.ClusterStatus;
import dev.mailbell.status.LocalStatus;
import dev.mailbell.status.NodeStatus;
import dev.mailbell.status.TestStatus;
import dev.mailbell.watch.account.AccountModes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;

/** The API with its pages over a real database, with a watch that has no mail servers. */
public final class TestUi implements AutoCloseable {
    public final TestApi api;

    /** What the nodes say of themselves. */
    public volatile LocalStatus status = TestStatus.NONE;

    /** The configuration's file. */
    public final Path file;

    public final LiveConfiguration configuration;

    private final Path home;

    public TestUi() {
        this(TestDatabase.create());
    }

    /** Over the test's own database, which is closed with the pages. */
    public TestUi(Database database) {
        try {
            home = Files.createTempDirectory("mailbell-ui");
            file = Files.createDirectory(home.resolve("config")).resolve("mailbell.yaml");
            Files.writeString(
                    file,
                    """
                    http:
                      publicUrl: http://127.0.0.1
                    polling:
                      imap:
                        interval: 90s
                      loginsPerSecond: 20
                    providers:
                      - match: [imap.example.org]
                        connections: 200
                    """);
            configuration =
                    LiveConfiguration.open(
                            new ConfigurationLoader(
                                    home,
                                    Map.of(
                                            "MAILBELL_DATABASE_URL",
                                            "jdbc:postgresql://db.example.org/mailbell",
                                            "MAILBELL_DATABASE_PASSWORD",
                                            "s3cret-of-database")),
                            null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        api =
                new TestApi(
                        database,
                        (test, parts) ->
                                new Ui(
                                        new Ui.Parts(
                                                parts,
                                                new ClusterStatus(
                                                        test.members, test.nodes, new Current()),
                                                configuration,
                                                "1.2.3")));
    }

    /** Always what {@link #status} is now. */
    private final class Current implements LocalStatus {
        @Override
        public NodeStatus now() {
            return status.now();
        }

        @Override
        public AccountModes modes(UUID client) {
            return status.modes(client);
        }
    }

    /** The text of a new key of a new client. */
    public String newKey(String... scopes) {
        return keyOf(api.newClient(), scopes);
    }

    /** The text of a new key of a client. */
    public String keyOf(String client, String... scopes) {
        return api.newKey(client, scopes).required("key").stringValue();
    }

    /** A URL of a page. */
    public String url(String path) {
        return "http://127.0.0.1:" + api.port() + path;
    }

    @Override
    public void close() {
        api.close();
        try {
            Files.deleteIfExists(file);
            Files.deleteIfExists(home.resolve("config"));
            Files.deleteIfExists(home);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
