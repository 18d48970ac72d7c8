package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.TestDatabase;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The smallest heap that docs/operations.md names. */
class SmallHeapTest {
    private static final int REQUESTS = 40;
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir private Path directory;

    /** Bodies under way ended a daemon with this heap. */
    @Test
    void forty_large_batches_at_once_do_not_end_a_daemon_with_128_megabytes() throws Exception {
        DatabaseAddress database = TestDatabase.empty();
        try (DaemonProcess daemon =
                DaemonProcess.start(
                        directory,
                        Map.of(
                                "JAVA_TOOL_OPTIONS",
                                "-Xmx128m -XX:+ExitOnOutOfMemoryError",
                                "MAILBELL_DATABASE_URL",
                                database.url(),
                                "MAILBELL_DATABASE_USERNAME",
                                database.username(),
                                "MAILBELL_DATABASE_PASSWORD",
                                database.password(),
                                "MAILBELL_NETWORK_ALLOW_PRIVATE",
                                "127.0.0.0/8",
                                "MAILBELL_NETWORK_ALLOW_CLEARTEXT",
                                "127.0.0.1",
                                "MAILBELL_LIMITS_ACCOUNTS_PER_CLIENT",
                                "200"))) {
            Rest rest = daemon.rest();
            List<UUID> clients = clients(database);
            String batch = batch();
            assertThat(batch.length()).isBetween(790_000, 1_000_000);
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < REQUESTS; i++) {
                answers.add(send(rest, clients.get(i % clients.size()), batch));
            }
            int done = 0;
            for (CompletableFuture<HttpResponse<String>> each : answers) {
                HttpResponse<String> answer = each.join();
                assertThat(answer.statusCode()).as(answer.body()).isIn(200, 503);
                if (answer.statusCode() == 200) {
                    done++;
                } else {
                    assertThat(answer.headers().firstValue("Retry-After")).isPresent();
                }
            }
            assertThat(done).isPositive();
            rest.awaitReady();
            assertThat(send(rest, clients.getFirst(), batch).join().statusCode()).isEqualTo(200);
            assertThat(daemon.log()).doesNotContain("java.lang.OutOfMemoryError");
        }
    }

    private static List<UUID> clients(DatabaseAddress database) {
        Jdbi jdbi = Jdbi.create(database.url(), database.username(), database.password());
        List<UUID> ids = IntStream.range(0, 4).mapToObj(i -> UUID.randomUUID()).toList();
        jdbi.useHandle(handle ->
                ids.forEach(id ->
                        handle.execute(
                                "insert into client (id, name) values (?, ?)", id, id.toString())));
        return ids;
    }

    private static CompletableFuture<HttpResponse<String>> send(
            Rest rest, UUID client, String batch) {
        return HTTP.sendAsync(
                HttpRequest.newBuilder(rest.uri().resolve("/v1/accounts/batch"))
                        .timeout(Duration.ofMinutes(5))
                        .header("Authorization", "Bearer " + rest.key())
                        .header("Mailbell-Client", client.toString())
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(batch))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String batch() {
        String labels =
                IntStream.range(0, 32)
                        .mapToObj(i -> "\"label-%d\":\"no%d\"".formatted(i, i))
                        .collect(Collectors.joining(","));
        return IntStream.range(0, 1_000)
                .mapToObj(i ->
                        """
                        {"address":"user%d@localhost","mail":{"host":"127.0.0.1","port":1,"security":"none","username":"u%d",\
                        "password":"correct horse battery staple","tls":{"verify":true}},"mailboxes":["INBOX","Sent","Archive"],\
                        "watch":{"push":true,"interval":"PT3600S"},"labels":{%s}}\
                        """
                                .formatted(i, i, labels))
                .collect(Collectors.joining(",", "{\"accounts\":[", "]}"));
    }
}
