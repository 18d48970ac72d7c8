package dev.mailbell.api.account.bulk;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import java.net.http.HttpResponse;
import java.util.Collections;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class BatchRoutesTest {
    private static final TestApi API = new TestApi();
    private final HttpCaller client = API.otherClient();

    @AfterAll
    static void close() {
        API.close();
    }

    @Test
    void each_account_succeeds_or_fails_by_itself() {
        String refused = imap("c").replace("imap.example.org", "x.internal.example");
        JsonNode results =
                json(client.exchange(
                                "POST",
                                "/v1/accounts/batch",
                                "{\"accounts\": [%s, {\"address\": 1}, %s, %s, 7, %s]}"
                                        .formatted(imap("a"), imap("a"), refused, imap("b"))))
                        .required("results");
        assertThat(results.findValuesAsString("index"))
                .containsExactly("0", "1", "2", "3", "4", "5");
        assertThat(IntStream.range(0, 6).map(i -> results.get(i).required("status").intValue()))
                .containsExactly(201, 400, 409, 422, 400, 201);
        assertThat(results.get(1).at("/problem/errors/0/field").stringValue()).isEqualTo("address");
        UUID id = UUID.fromString(results.get(0).at("/account/id").stringValue());
        assertThat(API.watch.watched).containsKey(id);
        assertThat(results.toString()).doesNotContain("s3cret");
    }

    @Test
    void a_thousand_accounts_fit_and_one_more_does_not() {
        String thousand = many(1_000);
        JsonNode results =
                json(client.post("/v1/accounts/batch", "{\"accounts\": [" + thousand + "]}"))
                        .required("results");
        assertThat(results).hasSize(1_000);
        assertThat(results).allMatch(result -> result.required("status").intValue() == 201);
        assertThat(
                        faults(
                                client.post(
                                        "/v1/accounts/batch",
                                        "{\"accounts\": [" + many(1_001) + "]}")))
                .containsEntry("accounts", "must be an array of 1 to 1000 accounts");
    }

    private static String many(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> imap("many-" + i))
                .collect(Collectors.joining(","));
    }

    @Test
    void a_batch_beyond_a_mebibyte_is_answered_with_the_limit_and_the_way_out() {
        // Some authorities fill two kilobytes: a thousand accounts do not fit then.
        String withAuthority =
                imap("large")
                        .replace(
                                "\"password\"",
                                "\"tls\": {\"caPem\": \""
                                        + "x".repeat(2_000)
                                        + "\"}, \"password\"");
        HttpResponse<String> refused =
                client.exchange(
                        "POST",
                        "/v1/accounts/batch",
                        "{\"accounts\": ["
                                + String.join(",", Collections.nCopies(1_000, withAuthority))
                                + "]}");
        assertThat(refused.statusCode()).isEqualTo(413);
        assertThat(json(refused).required("type").stringValue()).endsWith("too-large");
        assertThat(json(refused).required("detail").stringValue())
                .isEqualTo(
                        "a body may have 1 MiB (1048576 bytes): send a batch in several requests");
    }

    @Test
    void servers_are_searched_for_the_client_that_sent_the_batch() {
        UUID id = UUID.fromString(API.newClient());
        String account = imap("a").replace("\"host\": \"imap.example.org\", ", "");
        API.searchedFor.clear();
        API.client()
                .with("Mailbell-Client", id.toString())
                .post("/v1/accounts/batch", "{\"accounts\": [" + account + "," + account + "]}");
        assertThat(API.searchedFor).containsExactly(id);
    }

    @Test
    void a_batch_is_an_array_of_accounts() {
        assertThat(faults(client.post("/v1/accounts/batch", "{}"))).containsOnlyKeys("accounts");
        assertThat(faults(client.post("/v1/accounts/batch", "{\"accounts\": []}")))
                .containsOnlyKeys("accounts");
        assertThat(faults(client.post("/v1/accounts/batch", "{\"accounts\": {}, \"dry\": true}")))
                .containsOnlyKeys("dry");
    }

    @Test
    void the_limit_of_accounts_holds_within_a_batch() {
        API.rules.accountsPerClient = 2;
        try {
            JsonNode results =
                    json(client.post("/v1/accounts/batch", "{\"accounts\": [" + many(3) + "]}"))
                            .required("results");
            assertThat(results.get(1).required("status").intValue()).isEqualTo(201);
            assertThat(results.get(2).required("status").intValue()).isEqualTo(422);
        } finally {
            API.rules.accountsPerClient = 100_000;
        }
    }
}
