package dev.mailbell.api.account.check;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.LoginSecret;
import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.history.PastCheck;
import dev.mailbell.watch.history.PastCheck.Result;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
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
    void a_trace_answers_its_dialogue_also_when_the_check_fails() {
        String path =
                "/v1/accounts/" + idOf(client.post("/v1/accounts", imap("traced"))) + "/trace";
        JsonNode works = json(client.post(path + "?connect=new"));
        assertThat(works.required("ok").booleanValue()).isTrue();
        assertThat(works.required("failure").isNull()).isTrue();
        assertThat(works.at("/mailboxes/0/newCount").intValue()).isEqualTo(2);
        assertThat(works.at("/transcript/0/text").stringValue()).isEqualTo("connects anew");
        assertThat(works.at("/transcript/2/from").stringValue()).isEqualTo("client");

        API.watch.fail(FailureCode.TLS_FAILED, "the certificate has expired");
        HttpResponse<String> failed = client.post(path);
        assertThat(failed.statusCode()).isEqualTo(200);
        assertThat(json(failed).required("ok").booleanValue()).isFalse();
        assertThat(json(failed).at("/failure/message").stringValue())
                .isEqualTo("the certificate has expired");
        assertThat(json(failed).at("/failure/advice").stringValue()).contains("certificate");
        assertThat(json(failed).required("omittedLines").intValue()).isEqualTo(7);
        assertThat(faults(client.post(path + "?connect=old"))).containsOnlyKeys("connect");
        client.post(path.replace("/trace", "/pause"));
        assertThat(client.post(path).statusCode()).isEqualTo(409);
    }

    @Test
    void a_trace_is_in_the_audit_log() {
        String path =
                "/v1/accounts/" + idOf(client.post("/v1/accounts", imap("audited"))) + "/trace";
        client.post(path);
        JsonNode entry = json(API.client().get("/v1/audit?resource=" + path)).at("/items/0");
        assertThat(entry.required("action").stringValue())
                .isEqualTo("POST /v1/accounts/{id}/trace");
    }

    @Test
    void past_checks_are_shown_with_advice() {
        Instant at = Instant.parse("2026-11-20T23:59:07.123Z");
        API.watch.past =
                List.of(
                        new PastCheck(
                                Result.FAILED,
                                CheckTrigger.POLL,
                                at,
                                30_001,
                                4,
                                at.minusSeconds(600),
                                0,
                                FailureCode.TIMEOUT,
                                "imap.example.org:993 did not answer in time"));
        JsonNode check =
                json(client.get(
                                "/v1/accounts/"
                                        + idOf(client.post("/v1/accounts", imap("past")))
                                        + "/checks"))
                        .at("/items/0");
        assertThat(check.required("result").stringValue()).isEqualTo("failed");
        assertThat(check.required("source").stringValue()).isEqualTo("poll");
        assertThat(check.required("times").intValue()).isEqualTo(4);
        assertThat(check.required("firstAt").stringValue()).isEqualTo("2026-11-20T23:49:07.123Z");
        assertThat(check.at("/failure/advice").stringValue()).contains("tries again");
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
