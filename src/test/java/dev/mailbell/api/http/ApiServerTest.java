package dev.mailbell.api.http;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.Contract;
import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApiServerTest {
    private static final TestApi API = new TestApi();
    private final HttpCaller client = API.client();

    @AfterAll
    static void close() {
        API.close();
    }

    @Test
    void requests_without_a_valid_key_are_refused() {
        HttpResponse<String> none = client.without("Authorization").get("/v1/accounts");
        assertThat(none.statusCode()).isEqualTo(401);
        assertThat(none.headers().firstValue("WWW-Authenticate").orElse("")).startsWith("Bearer");
        for (String header : new String[] {"Bearer mbk_wrong", "Basic eDp5", "Bearer", "Bearer "}) {
            assertThat(client.with("Authorization", header).get("/v1/accounts").statusCode())
                    .as(header)
                    .isEqualTo(401);
        }
        assertThat(
                        // The validator of requests knows "Bearer" alone.
                        client.with("Authorization", "bearer  " + TestApi.KEY)
                                .exchange("GET", "/v1/accounts", "")
                                .statusCode())
                .isEqualTo(200);
        assertThat(client.without("Authorization").exchange("GET", "/v1/nothing", "").statusCode())
                .isEqualTo(401);
    }

    @Test
    void the_operator_may_act_as_an_existing_client() {
        assertThat(HttpCaller.faults(client.with("Mailbell-Client", "acme").get("/v1/accounts")))
                .containsOnlyKeys("Mailbell-Client");
        assertThat(
                        client.with("Mailbell-Client", UUID.randomUUID().toString())
                                .get("/v1/accounts")
                                .statusCode())
                .isEqualTo(404);
    }

    @Test
    void unknown_paths_and_methods_are_problems_too() {
        HttpResponse<String> path = client.exchange("GET", "/v1/nothing", "");
        assertThat(path.statusCode()).isEqualTo(404);
        assertThat(client.exchange("GET", "/", "").statusCode()).isEqualTo(404);
        HttpResponse<String> method = client.exchange("PUT", "/v1/accounts", "{}");
        assertThat(method.statusCode()).isEqualTo(405);
        assertThat(method.headers().firstValue("Allow")).contains("POST, GET, HEAD");
        assertThat(client.exchange("DELETE", "/healthz", "").headers().firstValue("Allow"))
                .contains("GET, HEAD");
    }

    @Test
    void head_is_get_without_a_body() {
        HttpResponse<String> head = client.exchange("HEAD", "/v1/accounts", "");
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
    }

    @Test
    void a_chunked_body_is_bounded_too() throws IOException {
        StringBuilder chunks = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            chunks.append("10000\r\n").append(" ".repeat(0x10000)).append("\r\n");
        }
        String answer =
                raw(
                        "POST /v1/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                                + TestApi.KEY
                                + "\r\nContent-Type: application/json\r\nTransfer-Encoding:"
                                + " chunked\r\nConnection: close\r\n\r\n"
                                + chunks
                                + "0\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 413").contains("problem:too-large");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u00ff", "utf-8 utf-8", "no such charset", "", "utf-16", "@"})
    void an_invalid_charset_name_is_refused(String charset) throws IOException {
        String answer =
                raw(
                        "POST /v1/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                                + TestApi.KEY
                                + "\r\nContent-Type: application/json; charset="
                                + charset
                                + "\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        assertThat(answer).startsWith("HTTP/1.1 415").contains("problem:unsupported-media-type");
    }

    @Test
    void invalid_http_is_answered_with_a_problem() throws IOException {
        for (String request :
                new String[] {
                    "NONSENSE\r\n\r\n",
                    "GET / HTTP/7.0\r\nHost: x\r\n\r\n",
                    "GET /v1/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                    "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                    "GET /a HTTP/1.1\r\nHost: x\r\nX: " + "y".repeat(20_000) + "\r\n\r\n",
                    "POST /v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                            + "Content-Length: 6\r\n\r\nxxxxx",
                }) {
            String answer = raw(request);
            assertThat(answer).as(request).matches("(?s)HTTP/1.1 (4..|505) .*");
            assertThat(answer)
                    .as(request)
                    .contains("application/problem+json")
                    .contains("urn:mailbell:problem:")
                    .doesNotContain("Jetty")
                    .doesNotContain("Exception")
                    .doesNotContain("<html");
        }
    }

    @Test
    void a_body_that_ends_early_is_reported() throws IOException {
        try (Socket socket = new Socket("127.0.0.1", API.port())) {
            socket.setSoTimeout(180_000);
            OutputStream out = socket.getOutputStream();
            out.write(
                    ("POST /v1/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                                    + TestApi.KEY
                                    + "\r\nContent-Type: application/json\r\nContent-Length:"
                                    + " 100\r\n\r\n{\"addr")
                            .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            socket.shutdownOutput();
            String answer = read(socket);
            assertThat(answer).startsWith("HTTP/1.1 400").contains("did not arrive");
        }
    }

    @Test
    void an_invalid_chunk_is_reported() throws IOException {
        String answer =
                raw(
                        "POST /v1/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                                + TestApi.KEY
                                + "\r\nContent-Type: application/json\r\nTransfer-Encoding:"
                                + " chunked\r\n\r\nxyz\r\n");
        assertThat(answer).startsWith("HTTP/1.1 400").contains("problem:malformed");
    }

    private static String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", API.port())) {
            socket.setSoTimeout(180_000);
            OutputStream out = socket.getOutputStream();
            out.write(request.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            return read(socket);
        }
    }

    private static String read(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void too_many_requests_are_answered_with_retry_after() {
        // So few that none is added while a busy machine carries out a request.
        API.rules.requestsPerSecond = 0.01;
        try {
            HttpResponse<String> last = client.get("/v1/webhooks");
            for (int i = 0; i < 3 && last.statusCode() == 200; i++) {
                last = client.get("/v1/webhooks");
            }
            assertThat(last.statusCode()).isEqualTo(429);
            assertThat(last.headers().firstValueAsLong("Retry-After").orElse(0))
                    .isBetween(1L, 100L);
            assertThat(client.get("/healthz").statusCode()).isEqualTo(200);
        } finally {
            API.rules.requestsPerSecond = 10_000;
        }
    }

    @Test
    void health_and_readiness_are_reported() {
        HttpCaller nobody = client.without("Authorization");
        assertThat(json(nobody.get("/healthz")).required("version").stringValue())
                .isEqualTo("1.2.3");
        assertThat(nobody.get("/readyz").statusCode()).isEqualTo(200);
        assertThat(nobody.get("/readyz").body()).doesNotContain("warnings");
        API.warnings.add("the canary's mail is late");
        try {
            HttpResponse<String> response = nobody.get("/readyz");
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(json(response).required("warnings").get(0).stringValue())
                    .isEqualTo("the canary's mail is late");
        } finally {
            API.warnings.clear();
        }
        API.notReady.add("the database is away");
        try {
            HttpResponse<String> response = nobody.get("/readyz");
            assertThat(response.statusCode()).isEqualTo(503);
            assertThat(response.headers().firstValue("Retry-After")).isPresent();
            assertThat(response.body()).contains("the database is away");
        } finally {
            API.notReady.clear();
        }
        assertThat(nobody.get("/healthz").statusCode()).isEqualTo(200);
    }

    @Test
    void the_contract_and_its_page_need_no_other_host() {
        HttpCaller nobody = client.without("Authorization");
        HttpResponse<String> contract = nobody.get("/openapi.yaml");
        assertThat(contract.headers().firstValue("Content-Type")).contains("application/yaml");
        assertThat(contract.body()).isEqualTo(Contract.text());
        HttpResponse<String> page = nobody.get("/docs");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElse(""))
                .contains("script-src 'self';");
        assertThat(page.body()).doesNotContain("http://").doesNotContain("https://");
        for (String asset : new String[] {"swagger-ui.css", "swagger-ui-bundle.js", "docs.js"}) {
            HttpResponse<String> response = nobody.exchange("GET", "/docs/" + asset, "");
            assertThat(response.statusCode()).as(asset).isEqualTo(200);
            assertThat(page.body()).contains("/docs/" + asset);
        }
        assertThat(nobody.exchange("GET", "/docs/pom.xml", "").statusCode()).isEqualTo(404);
    }
}
