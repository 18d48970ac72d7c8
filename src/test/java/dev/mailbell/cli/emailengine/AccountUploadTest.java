package dev.mailbell.cli.emailengine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.mailbell.cli.emailengine.Converted.Carried;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

/** What becomes of accounts when the daemon is busy, away, or another program. */
class AccountUploadTest {
    private static final String REGISTERED = "{\"results\": [{\"index\": 0, \"status\": 201}]}";

    private record Reply(int status, String body) {}

    private final Deque<Reply> replies = new ArrayDeque<>();
    private final List<String> keys = new ArrayList<>();
    private final List<String> said = new ArrayList<>();
    private final List<String> paths = new ArrayList<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            paths.add(exchange.getRequestURI().getPath());
            keys.add(exchange.getRequestHeaders().getFirst("Idempotency-Key"));
            Reply reply = replies.remove();
            byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Retry-After", "0");
            exchange.sendResponseHeaders(reply.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private void upload() {
        upload("");
    }

    private void upload(String base) {
        Destination.Answers answers =
                new Destination.Answers() {
                    @Override
                    public void added(Carried account) {
                        said.add("added " + account.ref());
                    }

                    @Override
                    public void present(Carried account) {
                        said.add("present " + account.ref());
                    }

                    @Override
                    public void refused(Carried account, String reason) {
                        said.add("refused " + account.ref() + ": " + reason);
                    }
                };
        URI api = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + base);
        ObjectNode registration = ExportJson.MAPPER.createObjectNode().put("ref", "ann");
        try (AccountUpload upload = new AccountUpload(api, "mbk_key", null, answers)) {
            upload.add(new Carried("ann", registration, List.of(), null));
            upload.finish();
        }
    }

    @Test
    void a_busy_daemon_is_asked_again_under_the_same_key() {
        replies.add(new Reply(503, "{\"detail\": \"the disk is full\"}"));
        replies.add(new Reply(429, ""));
        replies.add(new Reply(200, REGISTERED));
        upload();
        assertThat(said).containsExactly("added ann");
        assertThat(keys).hasSize(3).doesNotContainNull();
        assertThat(keys.stream().distinct()).hasSize(1);
    }

    @Test
    void a_proxy_without_a_daemon_and_a_request_under_way_are_waited_for() {
        replies.add(new Reply(502, "<html>"));
        replies.add(new Reply(504, "<html>"));
        replies.add(new Reply(409, "{\"type\": \"urn:mailbell:problem:idempotency-busy\"}"));
        replies.add(new Reply(200, REGISTERED));
        upload();
        assertThat(said).containsExactly("added ann");
        assertThat(keys.stream().distinct()).hasSize(1);
    }

    /** Another program may be at the root of that host: it must not get the passwords. */
    @Test
    void an_api_below_a_path_gets_the_accounts_there() {
        for (String base : List.of("", "/", "/mailbell", "/mailbell/")) {
            replies.add(new Reply(200, REGISTERED));
            upload(base);
        }
        assertThat(paths)
                .containsExactly(
                        "/v1/accounts/batch",
                        "/v1/accounts/batch",
                        "/mailbell/v1/accounts/batch",
                        "/mailbell/v1/accounts/batch");
    }

    @Test
    void what_is_there_and_what_is_refused_is_told_apart() {
        for (String problem :
                List.of(
                        "{\"type\": \"urn:mailbell:problem:ref-taken\", \"detail\": \"taken\"}",
                        "{\"type\": \"urn:mailbell:problem:invalid\", \"detail\": \"bad\", \"errors\":"
                                + " [{\"field\": \"mail.host\", \"message\": \"is no\\u001b host\"}]}",
                        "{\"type\": \"urn:mailbell:problem:blocked-address\", \"detail\": \"private\"}")) {
            replies.add(
                    new Reply(
                            200,
                            "{\"results\": [{\"status\": 400, \"problem\": " + problem + "}]}"));
            upload();
        }
        assertThat(said)
                .containsExactly(
                        "present ann",
                        "refused ann: mail.host is no\\u001b host",
                        "refused ann: private");
    }

    @Test
    void an_answer_that_is_none_ends_the_upload_without_a_secret() {
        for (Reply reply :
                List.of(
                        new Reply(500, "{\"detail\": \"see the log\"}"),
                        new Reply(404, "<html>"),
                        new Reply(200, "<html>"),
                        new Reply(200, "{\"results\": []}"))) {
            replies.add(reply);
            assertThatThrownBy(this::upload)
                    .isInstanceOf(ExportFaultException.class)
                    .satisfies(
                            failure -> assertThat(failure.getMessage()).doesNotContain("mbk_key"));
        }
        assertThat(said).isEmpty();
    }
}
