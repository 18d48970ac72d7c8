package dev.mailbell.api.account;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.LoginSecret;
import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.mail.FailureCode;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class CheckRoutesTest {
    private static final TestApi API = new TestApi();
    private final HttpCaller client = API.otherClient();

    @AfterAll
    static void close() {
        API.close();
    }

    @AfterEach
    void clearFailure() {
        API.watch.failure = null;
    }

    @Test
    void a_working_login_is_described_and_not_stored() {
        JsonNode works = json(client.post("/v1/accounts/verify", imap("verified")));
        assertThat(works.required("ok").booleanValue()).isTrue();
        assertThat(works.at("/mailboxes/0/total").intValue()).isEqualTo(33);
        assertThat(API.watch.verifiedSecret).isEqualTo(new LoginSecret.Password("s3cret-word"));
        assertThat(json(client.get("/v1/accounts")).required("items")).isEmpty();
    }

    @Test
    void a_failing_login_is_answered_with_200() {
        API.watch.fail(FailureCode.AUTH_FAILED, "the server said no");
        HttpResponse<String> response = client.post("/v1/accounts/verify", imap("verified"));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(json(response).at("/failure/code").stringValue()).isEqualTo("auth_failed");
        assertThat(faults(client.post("/v1/accounts/verify", "{}")))
                .containsOnlyKeys("address", "mail");
    }

    @Test
    void a_check_answers_its_result_or_the_failure() {
        String path = "/v1/accounts/" + idOf(client.post("/v1/accounts", imap("checked")));
        JsonNode mailbox = json(client.post(path + "/check")).at("/mailboxes/0");
        assertThat(mailbox.required("newCount").intValue()).isEqualTo(2);
        assertThat(mailbox.required("pendingCount").isNull()).isTrue();

        API.watch.fail(FailureCode.CONNECT_FAILED, "imap.example.org:993 refused the connection");
        HttpResponse<String> failed = client.post(path + "/check");
        assertThat(failed.statusCode()).isEqualTo(422);
        assertThat(json(failed).at("/failure/code").stringValue()).isEqualTo("connect_failed");
    }

    @Test
    void the_servers_of_an_address_are_shown_and_nothing_is_stored() {
        JsonNode both =
                json(client.post("/v1/accounts/discover", "{\"address\": \"ann@known.example\"}"));
        assertThat(both.required("candidates")).hasSize(2);
        assertThat(both.required("message").isNull()).isTrue();
        assertThat(both.at("/candidates/1/protocol").stringValue()).isEqualTo("pop3");
        JsonNode one =
                json(
                        client.post(
                                "/v1/accounts/discover",
                                """
                                {"address": "ann@known.example", "protocol": "imap"}
                                """));
        assertThat(one.required("candidates").toString())
                .isEqualTo(
                        "[{\"protocol\":\"imap\",\"host\":\"mail.known.example\",\"port\":1993,"
                                + "\"security\":\"tls\",\"username\":\"known-user\","
                                + "\"source\":\"srv\",\"auth\":[\"password\"],\"note\":null}]");
        assertThat(json(client.get("/v1/accounts")).required("items")).isEmpty();
    }

    @Test
    void an_address_without_servers_is_explained_and_a_wrong_request_refused() {
        JsonNode none =
                json(
                        client.post(
                                "/v1/accounts/discover", "{\"address\": \"ann@nowhere.example\"}"));
        assertThat(none.required("candidates")).isEmpty();
        assertThat(none.required("message").stringValue()).contains("mail.host");
        assertThat(
                        faults(
                                client.post(
                                        "/v1/accounts/discover",
                                        """
                                        {"address": "ann", "protocol": "smtp", "host": "x"}
                                        """)))
                .containsOnlyKeys("address", "protocol", "host");
    }
}
