package dev.mailbell.api.http.connector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.Contract;
import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.dataformat.yaml.YAMLMapper;

class RequestGuardTest {
    private static final TestApi API = new TestApi();
    private final HttpCaller client = API.client();

    @AfterAll
    static void close() {
        API.close();
    }

    /** A GET with the header deleted what it named. */
    @Test
    void a_header_that_names_another_method_has_no_effect_on_any_route() {
        String account = TestApi.idOf(client.post("/v1/accounts", TestApi.imap("overridden")));
        String webhook =
                TestApi.idOf(
                        client.post(
                                "/v1/webhooks",
                                "{\"url\": \"https://hook.example.org/\", \"events\": [\"*\"]}"));
        List<String> paths = new ArrayList<>();
        for (String path :
                YAMLMapper.shared().readTree(Contract.text()).path("paths").propertyNames()) {
            if (!path.endsWith("/stream")) {
                paths.add(
                        path.replace("/accounts/{id}", "/accounts/" + account)
                                .replace("/webhooks/{id}", "/webhooks/" + webhook)
                                .replaceAll("\\{[^}]*}", "x"));
            }
        }
        assertThat(paths).hasSizeGreaterThan(15);
        for (String path : paths) {
            int status = client.exchange("GET", path, "").statusCode();
            for (String header :
                    List.of(
                            "X-HTTP-Method-Override",
                            "x-http-method-OVERRIDE",
                            "X-HTTP-Method",
                            "X-Method-Override")) {
                for (String method : List.of("DELETE", "POST", "PATCH", "PUT", "BEFORE")) {
                    HttpResponse<String> answer =
                            client.with(header, method).exchange("GET", path, "");
                    assertThat(answer.statusCode())
                            .as("GET %s with %s: %s", path, header, method)
                            .isEqualTo(status);
                }
            }
        }
        assertThat(client.get("/v1/accounts/" + account).statusCode()).isEqualTo(200);
        assertThat(client.get("/v1/webhooks/" + webhook).statusCode()).isEqualTo(200);
    }

    @Test
    void methods_that_http_does_not_have_are_refused() throws IOException {
        for (String method : List.of("BEFORE", "AFTER", "PROPFIND", "get", "X".repeat(100))) {
            assertThat(
                            raw(
                                    method
                                            + " /v1/accounts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                    .as(method)
                    .startsWith("HTTP/1.1 405")
                    .containsIgnoringCase("allow: GET, HEAD, POST")
                    .contains("problem:method-not-allowed");
        }
    }

    @Test
    void the_length_of_the_target_and_the_number_of_parameters_and_headers_are_bounded()
            throws IOException {
        assertThat(get("/healthz?x=" + "y".repeat(9_000), "")).startsWith("HTTP/1.1 414");
        assertThat(get("/healthz?" + "a&".repeat(100), "")).startsWith("HTTP/1.1 400");
        assertThat(get("/healthz?" + "a&".repeat(99), "")).startsWith("HTTP/1.1 200");
        assertThat(get("/healthz", "X: y\r\n".repeat(99))).startsWith("HTTP/1.1 431");
        assertThat(get("/healthz", "X: y\r\n".repeat(98))).startsWith("HTTP/1.1 200");
        assertThat(get("/healthz", "X: " + "y".repeat(17_000) + "\r\n"))
                .startsWith("HTTP/1.1 431")
                .contains("application/problem+json");
    }

    /** A body behind the head of such an answer is taken for the next answer. */
    @Test
    void the_answer_to_a_head_request_that_is_refused_has_no_body_or_is_the_last_one()
            throws IOException {
        for (String target :
                List.of(
                        "/v1/%zz",
                        "/v1/accounts/%",
                        "/v1/accounts?x=%zz",
                        "/v1/accounts?%FF=%FE",
                        "/%2e%2e/x",
                        "/v1/accounts/..",
                        "/a;x=y/b",
                        "/v1/accounts/%c0%af",
                        "/v1/accounts/%u0041",
                        "/v1/accounts\\",
                        "/v1/accounts/|",
                        "/v1/accounts//",
                        "/v1/nothing",
                        "/healthz?" + "a&".repeat(100),
                        "/healthz?x=" + "y".repeat(9_000))) {
            String answer =
                    raw("HEAD " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            assertThat(answer)
                    .as(target)
                    .startsWith("HTTP/1.1 4")
                    .satisfiesAnyOf(
                            head -> assertThat(head).endsWith("\r\n\r\n"),
                            last -> assertThat(last).contains("Connection: close"));
        }
    }

    @Test
    void pages_of_other_origins_may_not_read_answers() throws IOException {
        String preflight =
                raw(
                        "OPTIONS /v1/accounts HTTP/1.1\r\nHost: x\r\nOrigin: https://page.example\r\n"
                                + "Authorization: Bearer "
                                + TestApi.KEY
                                + "\r\nAccess-Control-Request-Method: DELETE\r\nConnection: close\r\n\r\n");
        assertThat(preflight)
                .startsWith("HTTP/1.1 405")
                .doesNotContainIgnoringCase("access-control");
        assertThat(get("/healthz", "Origin: https://page.example\r\n"))
                .startsWith("HTTP/1.1 200")
                .doesNotContainIgnoringCase("access-control");
    }

    private static String get(String target, String headers) throws IOException {
        return raw(
                "GET "
                        + target
                        + " HTTP/1.1\r\nHost: x\r\n"
                        + headers
                        + "Connection: close\r\n\r\n");
    }

    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", API.port())) {
            socket.setSoTimeout(180_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }
}
