package dev.mailbell.api.http;

import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.api.problem.ProblemException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class IdempotencyTest {
    private static final TestApi API = new TestApi();
    private static final String WEBHOOK =
            "{\"url\": \"https://example.org/hook\", \"events\": [\"*\"]}";
    private final HttpCaller client = API.otherClient();

    @AfterAll
    static void close() {
        API.close();
    }

    private HttpCaller keyed(String key) {
        return client.with("Idempotency-Key", key);
    }

    private int accounts() {
        return json(client.get("/v1/accounts?limit=500")).required("items").size();
    }

    @Test
    void a_repeated_request_repeats_the_answer() {
        HttpResponse<String> first = keyed("same").post("/v1/accounts", imap("same"));
        HttpResponse<String> second = keyed("same").post("/v1/accounts", imap("same"));
        assertThat(second.statusCode()).isEqualTo(201);
        assertThat(second.body()).isEqualTo(first.body());
        assertThat(second.headers().firstValue("Location"))
                .isEqualTo(first.headers().firstValue("Location"));
        assertThat(first.headers().firstValue("Idempotency-Replayed")).isEmpty();
        assertThat(second.headers().firstValue("Idempotency-Replayed")).contains("true");
        assertThat(accounts()).isEqualTo(1);
    }

    @Test
    void another_request_with_the_key_is_a_conflict() {
        keyed("other").post("/v1/accounts", imap("one"));
        HttpResponse<String> other = keyed("other").post("/v1/accounts", imap("two"));
        assertThat(other.statusCode()).isEqualTo(409);
        assertThat(json(other).required("type").stringValue()).endsWith("idempotency-reused");
        assertThat(keyed("other").post("/v1/webhooks", WEBHOOK).statusCode()).isEqualTo(409);
        assertThat(accounts()).isEqualTo(1);
    }

    @Test
    void a_key_belongs_to_its_client() {
        keyed("shared").post("/v1/accounts", imap("one"));
        assertThat(
                        API.otherClient()
                                .with("Idempotency-Key", "shared")
                                .post("/v1/accounts", imap("two"))
                                .statusCode())
                .isEqualTo(201);
    }

    @Test
    void of_concurrent_requests_one_creates() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<HttpResponse<String>>> answers =
                    IntStream.range(0, 6)
                            .mapToObj(i ->
                                    threads.submit(() ->
                                            keyed("at-once").post("/v1/accounts", imap("at-once"))))
                            .toList();
            String id = idOf(answers.getFirst().get());
            for (Future<HttpResponse<String>> answer : answers) {
                assertThat(answer.get().statusCode()).isEqualTo(201);
                assertThat(idOf(answer.get())).isEqualTo(id);
            }
        }
        assertThat(accounts()).isEqualTo(1);
    }

    @Test
    void a_webhooks_secret_is_repeated_and_stored_encrypted() {
        HttpResponse<String> first = keyed("hook").post("/v1/webhooks", WEBHOOK);
        HttpResponse<String> second = keyed("hook").post("/v1/webhooks", WEBHOOK);
        assertThat(second.body()).isEqualTo(first.body());
        String secret = json(first).required("secret").stringValue();
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.createQuery("select answer from idempotency where key = 'hook'")
                                .mapTo(byte[].class)
                                .forEach(answer ->
                                        assertThat(new String(answer, StandardCharsets.ISO_8859_1))
                                                .doesNotContain(secret)
                                                .doesNotContain("whsec_")));
    }

    @Test
    void a_refused_request_may_be_corrected() {
        assertThat(keyed("typo").post("/v1/accounts", "{\"adress\": \"x\"}").statusCode())
                .isEqualTo(400);
        assertThat(keyed("typo").post("/v1/accounts", imap("typo")).statusCode()).isEqualTo(201);
    }

    @Test
    void a_conflict_is_stored_like_a_success() {
        String id = idOf(client.post("/v1/accounts", imap("conflict")));
        assertThat(keyed("conflict").post("/v1/accounts", imap("conflict")).statusCode())
                .isEqualTo(409);
        client.delete("/v1/accounts/" + id);
        assertThat(keyed("conflict").post("/v1/accounts", imap("conflict")).statusCode())
                .isEqualTo(409);
        assertThat(accounts()).isZero();
    }

    @Test
    void an_internal_error_is_not_stored() {
        API.database
                .jdbi()
                .useHandle(handle -> handle.execute("alter table account rename to hidden"));
        try {
            HttpResponse<String> failed = keyed("failed").post("/v1/accounts", imap("failed"));
            assertThat(failed.statusCode()).isEqualTo(500);
            assertThat(json(failed).required("id").stringValue()).hasSize(36);
        } finally {
            API.database
                    .jdbi()
                    .useHandle(handle -> handle.execute("alter table hidden rename to account"));
        }
        assertThat(keyed("failed").post("/v1/accounts", imap("failed")).statusCode())
                .isEqualTo(201);
    }

    @Test
    void a_key_is_valid_for_a_day() {
        keyed("aged").post("/v1/accounts", imap("aged-1"));
        API.clock.ahead = Duration.ofHours(23);
        try {
            assertThat(keyed("aged").post("/v1/accounts", imap("aged-2")).statusCode())
                    .isEqualTo(409);
            API.clock.ahead = Duration.ofHours(25);
            assertThat(keyed("aged").post("/v1/accounts", imap("aged-2")).statusCode())
                    .isEqualTo(201);
            API.clock.ahead = Duration.ofHours(50);
            assertThat(API.api().deleteExpiredAnswers()).isPositive();
        } finally {
            API.clock.ahead = Duration.ZERO;
        }
    }

    @Test
    void a_key_has_visible_characters() {
        assertThat(HttpCaller.faults(keyed("a b").exchange("POST", "/v1/accounts", imap("k"))))
                .containsOnlyKeys("Idempotency-Key");
        assertThat(
                        HttpCaller.faults(
                                keyed("k".repeat(256)).exchange("POST", "/v1/accounts", imap("k"))))
                .containsOnlyKeys("Idempotency-Key");
    }

    @Test
    void a_batch_is_repeated_as_a_whole() {
        String batch =
                "{\"accounts\": [" + imap("b-1") + "," + imap("b-1") + "," + imap("b-2") + "]}";
        HttpResponse<String> first = keyed("batch").post("/v1/accounts/batch", batch);
        HttpResponse<String> second = keyed("batch").post("/v1/accounts/batch", batch);
        assertThat(second.body()).isEqualTo(first.body());
        assertThat(json(first).at("/results/0/status").intValue()).isEqualTo(201);
        assertThat(json(first).at("/results/1/status").intValue()).isEqualTo(409);
        assertThat(json(first).at("/results/2/status").intValue()).isEqualTo(201);
        assertThat(accounts()).isEqualTo(2);
    }

    @Test
    void what_is_kept_for_one_client_is_bounded_in_number_and_size() {
        keyed("first").post("/v1/webhooks", WEBHOOK);
        UUID one =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                "select client_id from idempotency where key = 'first'")
                                        .mapTo(UUID.class)
                                        .one());
        AnswerQuota number =
                new AnswerQuota(API.database.jdbi(), 2 + kept(one), 1 << 20, System::nanoTime);
        number.require(one);
        number.added(one, 10);
        number.require(one);
        number.added(one, 10);
        assertThatThrownBy(() -> number.require(one))
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        e -> {
                            assertThat(e.problem().status()).isEqualTo(429);
                            assertThat(e.problem().kind()).isEqualTo("too-many-idempotency-keys");
                            assertThat(e.problem().headers()).containsKey("Retry-After");
                        });
        number.require(UUID.randomUUID());
        number.forget();
        number.require(one);
        AnswerQuota size = new AnswerQuota(API.database.jdbi(), 1_000, 1, System::nanoTime);
        assertThatThrownBy(() -> size.require(one)).isInstanceOf(ProblemException.class);
    }

    @Test
    void what_other_nodes_delete_of_the_kept_answers_counts_after_an_hour() {
        UUID client = UUID.fromString(API.newClient());
        long[] now = {5};
        AnswerQuota quota = new AnswerQuota(API.database.jdbi(), 1, 1 << 20, () -> now[0]);
        quota.require(client);
        quota.added(client, 10);
        assertThatThrownBy(() -> quota.require(client)).isInstanceOf(ProblemException.class);
        now[0] += Duration.ofHours(1).toNanos();
        quota.require(client);
    }

    private static int kept(UUID clientId) {
        return API.database
                .jdbi()
                .withHandle(handle ->
                        handle.createQuery("select count(*) from idempotency where client_id = :id")
                                .bind("id", clientId)
                                .mapTo(Integer.class)
                                .one());
    }

    /**
     * The client that lost the first answer needs the secret; the contract says how long it may be
     * shown.
     */
    @Test
    void a_repeated_creation_of_a_webhook_shows_its_secret_again_for_a_day() {
        HttpResponse<String> first = keyed("secret").post("/v1/webhooks", WEBHOOK);
        String secret = json(first).required("secret").stringValue();
        assertThat(
                        json(keyed("secret").post("/v1/webhooks", WEBHOOK))
                                .required("secret")
                                .stringValue())
                .isEqualTo(secret);
        API.clock.ahead = Duration.ofHours(24).plusSeconds(1);
        try {
            assertThat(
                            json(keyed("secret").post("/v1/webhooks", WEBHOOK))
                                    .required("secret")
                                    .stringValue())
                    .isNotEqualTo(secret);
        } finally {
            API.clock.ahead = Duration.ZERO;
        }
    }
}
