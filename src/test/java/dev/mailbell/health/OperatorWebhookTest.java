package dev.mailbell.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.mailbell.LogLines;
import dev.mailbell.client.ClientStore;
import dev.mailbell.config.OperatorConfig;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookHeaders;
import dev.mailbell.webhook.WebhookStore;
import dev.mailbell.webhook.WebhookUrls;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OperatorWebhookTest {
    private static final String URL = "http://127.0.0.1:2179/hook";

    @TempDir private Path directory;

    private final Database database = TestDatabase.create();
    private final WebhookStore store = new WebhookStore(database.jdbi());
    private final AddressGuard guard = new AddressGuard(List.of("127.0.0.0/8"), List.of("127.*"));
    private final List<UUID> changed = new ArrayList<>();
    private final Secret secret = Signer.newSecret();

    @AfterEach
    void close() {
        guard.close();
        database.close();
    }

    private OperatorWebhook node() {
        return new OperatorWebhook(
                database.jdbi(),
                keyring(),
                new WebhookUrls(guard, () -> List.of(2179)),
                () -> "own",
                changed::add,
                InstantSource.system());
    }

    private Keyring keyring() {
        return Keyring.open(directory.resolve("keyset.json"));
    }

    private Optional<Webhook> row() {
        return store.find(ClientStore.OPERATOR, OperatorWebhook.ID);
    }

    private Secret stored(byte[] sealed) {
        return keyring().decrypt(sealed, Webhook.secretContext(OperatorWebhook.ID));
    }

    @Test
    void the_configured_webhook_is_one_row_however_many_nodes_start() {
        OperatorConfig config = new OperatorConfig(URL, secret);
        node().apply(config);
        node().apply(config);
        Webhook webhook = row().orElseThrow();
        assertThat(webhook.url()).isEqualTo(URL);
        assertThat(webhook.events()).containsExactly("*");
        assertThat(stored(webhook.secret())).isEqualTo(secret);
        assertThat(changed).containsExactly(OperatorWebhook.ID);
        assertThat(store.count(ClientStore.OPERATOR)).isOne();
    }

    @Test
    void another_url_or_secret_is_taken_over_and_the_secret_before_signs_for_a_day() {
        node().apply(new OperatorConfig(URL, secret));
        database.jdbi()
                .useHandle(handle ->
                        handle.execute("update webhook set state = 'disabled', healthy = false"));
        Secret next = Signer.newSecret();
        node().apply(new OperatorConfig(URL + "/2", next));
        Webhook webhook = row().orElseThrow();
        assertThat(webhook.url()).isEqualTo(URL + "/2");
        assertThat(webhook.state()).isEqualTo(State.ENABLED);
        assertThat(stored(webhook.secret())).isEqualTo(next);
        assertThat(stored(Objects.requireNonNull(webhook.previous()).secret())).isEqualTo(secret);
    }

    @Test
    void headers_stay_with_their_receiver() {
        node().apply(new OperatorConfig(URL, secret));
        WebhookHeaders headers = WebhookHeaders.of(Map.of("X-Key", "k3y-of-the-receiver"));
        Webhook.Headers sealed =
                new Webhook.Headers(
                        headers.names(),
                        keyring()
                                .encrypt(
                                        headers.secret(),
                                        WebhookHeaders.context(OperatorWebhook.ID)));
        database.jdbi()
                .useHandle(handle ->
                        handle.createUpdate(
                                        "update webhook set header_names = :names, headers = :sealed")
                                .bind("names", headers.names().toArray(String[]::new))
                                .bind("sealed", sealed.sealed())
                                .execute());
        node().apply(new OperatorConfig(URL + "/2", Signer.newSecret()));
        assertThat(Objects.requireNonNull(row().orElseThrow().headers()).names())
                .containsExactly("X-Key");
        try (LogLines log = new LogLines(OperatorWebhook.class, Level.WARN)) {
            node().apply(new OperatorConfig("http://127.0.0.2:2179/hook/2", secret));
            assertThat(log.messages()).hasSize(1);
            assertThat(log.messages().getFirst()).contains("X-Key").doesNotContain("k3y");
        }
        assertThat(row().orElseThrow().headers()).isNull();
    }

    @Test
    void without_a_url_there_is_none() {
        OperatorConfig none = new OperatorConfig("", Secret.of(""));
        node().apply(none);
        assertThat(row()).isEmpty();
        node().apply(new OperatorConfig(URL, secret));
        node().apply(none);
        assertThat(row()).isEmpty();
    }

    @Test
    void a_url_that_may_not_be_posted_to_changes_nothing() {
        node().apply(new OperatorConfig(URL, secret));
        node().apply(new OperatorConfig("http://ops.example.org/", secret));
        assertThat(row().orElseThrow().url()).isEqualTo(URL);
    }

    private void sql(String statement) {
        database.jdbi().useHandle(handle -> handle.execute(statement));
    }

    @Test
    void the_row_stays_as_long_as_a_node_with_another_configuration_is_alive() {
        OperatorConfig none = new OperatorConfig("", Secret.of(""));
        node().apply(new OperatorConfig(URL, secret));
        sql(
                """
                insert into node (id, name, pid, version, configuration, exclusive, started_at, expires_at)
                select gen_random_uuid(), name, 1, 'v', name, false, now(), now() + interval '1 hour'
                from unnest(array['own', 'other']) name\
                """);
        OperatorWebhook started = node();
        started.apply(none);
        started.retry(() -> none);
        assertThat(row()).isPresent();
        sql("update node set expires_at = now() where name = 'other'");
        started.retry(() -> none);
        assertThat(row()).isEmpty();
    }

    @Test
    void a_change_that_could_not_be_written_is_written_later_and_then_left_alone() {
        OperatorConfig config = new OperatorConfig(URL, secret);
        OperatorWebhook node = node();
        sql("alter table webhook rename to away");
        assertThatThrownBy(() -> node.apply(config)).isInstanceOf(RuntimeException.class);
        sql("alter table away rename to webhook");
        node.retry(() -> config);
        assertThat(row()).isPresent();
        sql("update webhook set url = 'http://127.0.0.1:2179/by-the-api'");
        node.retry(() -> config);
        assertThat(row().orElseThrow().url()).endsWith("/by-the-api");
    }
}
