package dev.mailbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.mailbell.cli.terminal.Terminal;
import dev.mailbell.mail.scripted.TestTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server in the place of the API whose answers are made to do harm. */
class HostileAnswerTest {
    private static final String EVIL = "x\u001b]0;owned\u0007\u009b31m\u202e\u2028\u007f";
    private static final List<String> SAID =
            List.of("\u001b]", "\u0007", "\u009b", "\u202e", "\u2028", "\u007f");

    private HttpServer server;
    private Cli cli;
    private volatile int status = 200;
    private volatile String body = "";
    private final List<String> keys = new CopyOnWriteArrayList<>();

    /** Where the server does not answer, until the test ends. */
    private final CountDownLatch end = new CountDownLatch(1);

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext(
                "/",
                exchange -> {
                    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
                    keys.add(
                            String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
                    exchange.getResponseHeaders().add("Location", "http://127.0.0.1:1/");
                    exchange.sendResponseHeaders(status, bytes.length);
                    exchange.getResponseBody().write(bytes);
                    exchange.close();
                });
        server.createContext(
                "/never/",
                exchange -> {
                    exchange.sendResponseHeaders(200, 0);
                    exchange.getResponseBody().write('{');
                    exchange.getResponseBody().flush();
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    exchange.close();
                });
        server.start();
        cli = Cli.of("http://127.0.0.1:" + server.getAddress().getPort(), "a-key-of-the-test");
    }

    @AfterEach
    void stop() {
        end.countDown();
        server.stop(0);
    }

    @Test
    void no_control_character_of_an_answer_reaches_the_terminal() {
        // Jackson's own escapes would hide what is tested: the characters are in the JSON as they
        // are.
        String text = "x\\u001b]0;owned\\u0007\u009b31m\u202e\u2028\u007f";
        body =
                """
                {"items": [{"id": "E", "state": "E", "address": "E", "ref": "E", "mail": {"host": "E"},
                  "failure": {"code": "E", "message": "E"}, "E": {"E": ["E", {"E": "E"}]}, "url": "E",
                  "events": ["E"], "type": "E", "timestamp": "E", "data": {"address": "E", "ref": "E"},
                  "status": "E", "lastError": "E", "name": "E", "scopes": ["E"], "prefix": "E"}],
                 "nodes": [{"id": "1", "name": "E", "version": "E", "startedAt": "E"}], "node": "1",
                 "shards": {"total": 1, "unowned": 1, "unownedSince": "E"}, "E": "E",
                 "url": "E", "secret": "E", "id": "E", "key": "E", "address": "E", "state": "E",
                 "error": "E", "nextCursor": null}
                """
                        .replace("E\"", text + "\"");
        for (List<String> command :
                List.of(
                        List.of("accounts", "list"),
                        List.of("accounts", "show", "a"),
                        List.of("accounts", "pause", "a"),
                        List.of("webhooks", "list"),
                        List.of("webhooks", "show", "a"),
                        List.of("webhooks", "add", "https://example.org"),
                        List.of("webhooks", "test", "a"),
                        List.of("deliveries", "list", "a"),
                        List.of("events", "list"),
                        List.of("clients", "list"),
                        List.of("api-keys", "list", "0199a3c2-7a10-7c3e-9d7e-3f1d2f1b6a55"),
                        List.of("status", "--once"))) {
            for (Terminal terminal : List.of(Terminal.NONE, new Terminal(200, false))) {
                assertHarmless(cli.on(terminal).run(command.toArray(String[]::new)));
            }
            List<String> json = new ArrayList<>(command);
            json.add("--json");
            assertHarmless(cli.run(json.toArray(String[]::new)));
        }
    }

    @Test
    void a_key_goes_in_clear_text_to_another_machine_only_when_that_is_wanted() {
        body = "{\"items\": [], \"nextCursor\": null}";
        // This machine too, but not by a name of the loopback interface.
        Cli elsewhere = cli.with("MAILBELL_URL", "http://0.0.0.0:" + server.getAddress().getPort());
        assertThat(elsewhere.run("accounts", "list").expect(2).err())
                .contains("must begin with https", "--allow-cleartext");
        assertThat(keys).isEmpty();
        elsewhere.run("accounts", "list", "--allow-cleartext").expect(0);
        assertThat(keys).hasSize(1);
    }

    private static void assertHarmless(Cli.Result result) {
        assertThat(result.exitCode()).as(result.err()).isIn(0, 1);
        assertThat(result.out()).contains("owned");
        SAID.forEach(evil -> assertThat(result.out() + result.err()).doesNotContain(evil));
    }

    @Test
    void a_problem_is_shown_with_its_code_and_without_control_characters() {
        status = 422;
        body =
                "{\"type\": \"urn:mailbell:problem:mail-failure\", \"detail\": \"x\\u001b]0;owned\u009b\","
                        + " \"errors\": [{\"field\": \"a\\u001b]\", \"message\": \"1\"}, {\"field\": \"b\","
                        + " \"message\": \"2\"}]}";
        Cli.Result result = cli.run("accounts", "list").expect(5);
        assertThat(result.err())
                .isEqualTo(
                        "mailbell: refused by the API (422 mail-failure): x\\u001b]0;owned\\u009b\n"
                                + "  a\\u001b]: 1\n"
                                + "  b: 2\n");
        body = "<html>" + EVIL + "</html>";
        Cli.Result page = cli.run("accounts", "list").expect(5);
        assertThat(page.err()).contains("(422): <html>x\\u001b]0;", "is --url right?");
        // A redirect is not followed: the key would go to another host.
        status = 302;
        assertThat(cli.run("accounts", "list").expect(5).err()).contains("(302)");
        status = 200;
        body = "{\"items\": []}";
        assertThat(cli.run("accounts", "list").expect(0).out()).startsWith("ID");
    }

    @Test
    void a_key_of_this_machine_goes_to_no_host_that_is_named() {
        status = 401;
        Cli local = cli.with("MAILBELL_KEY", null).with("MAILBELL_ADMIN_KEY", "operators-own-key");
        assertThat(local.run("accounts", "list").expect(5).err()).contains("needs a key (401)");
        assertThat(cli.run("accounts", "list").expect(5).err())
                .contains("does not accept the key of MAILBELL_KEY");
        assertThat(keys).containsExactly("null", "Bearer a-key-of-the-test");
    }

    @Test
    void a_certificate_is_trusted_when_its_authority_is_named(@TempDir Path directory)
            throws Exception {
        HttpsServer secure =
                HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        secure.setHttpsConfigurator(new HttpsConfigurator(TestTls.context()));
        secure.createContext(
                "/",
                exchange -> {
                    byte[] bytes = "{\"items\": []}".getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(200, bytes.length);
                    exchange.getResponseBody().write(bytes);
                    exchange.close();
                });
        secure.start();
        try {
            Cli there =
                    cli.with("MAILBELL_URL", "https://localhost:" + secure.getAddress().getPort());
            Path ca = Files.writeString(directory.resolve("ca.pem"), TestTls.caPem());
            assertThat(there.run("accounts", "list", "--cacert=" + ca).exitCode()).isZero();
            assertThat(there.run("accounts", "list").expect(6).err())
                    .contains("is not trusted", "--cacert");
            Path none = Files.writeString(directory.resolve("none.pem"), "nothing");
            assertThat(there.run("accounts", "list", "--cacert=" + none).expect(2).err())
                    .contains("--cacert");
        } finally {
            secure.stop(0);
        }
    }

    @Test
    void an_answer_that_does_not_end_is_given_up() {
        Cli never =
                cli.with(
                        "MAILBELL_URL",
                        "http://127.0.0.1:" + server.getAddress().getPort() + "/never");
        // On a busy machine the time may be over before there is a connection: then it doubles.
        String said = "nothing answers there";
        for (int millis = 300; said.contains("nothing answers there"); millis *= 2) {
            assertThat(millis).isLessThan(120_000);
            said = never.run("accounts", "list", "--timeout=" + millis + "ms").expect(6).err();
        }
        assertThat(said)
                .contains("did not answer within", "--timeout allows more")
                .doesNotContain("a-key-of-the-test");
    }
}
