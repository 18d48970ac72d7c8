package dev.mailbell.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.api.TestApi;
import dev.mailbell.client.ClientStore;
import dev.mailbell.routing.node.Command;
import dev.mailbell.routing.node.Messages;
import dev.mailbell.routing.node.NodeHeaders;
import dev.mailbell.routing.node.NodeSeal;
import dev.mailbell.routing.node.NodeSeal.Envelope;
import dev.mailbell.routing.node.Reply;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.KeyringException;
import dev.mailbell.status.TestStatus;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which requests a node takes for those of another node of its cluster. */
class NodeServerTest {
    private static final TestApi API = new TestApi();
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final UUID SENDER = UUID.randomUUID();

    private final NodeSeal seal = new NodeSeal(API.keyring, SENDER, API.clock);
    private final UUID account =
            UUID.fromString(
                    TestApi.idOf(
                            API.client()
                                    .post(
                                            "/v1/accounts",
                                            TestApi.imap(UUID.randomUUID().toString()))));

    @AfterAll
    static void close() {
        HTTP.close();
        API.close();
    }

    @BeforeEach
    void reset() {
        API.clock.ahead = Duration.ZERO;
        API.watch.commands.set(0);
        API.watch.command = () -> {};
    }

    private byte[] check() {
        return Messages.request(
                new Command.Check(ClientStore.DEFAULT, account), Duration.ofSeconds(10));
    }

    private static HttpResponse<byte[]> send(Envelope envelope, byte[] body, String... headers)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + API.port() + NodeServer.PATH))
                        .header("Content-Type", "application/octet-stream")
                        .header(NodeHeaders.FROM, envelope.from().toString())
                        .header(NodeHeaders.TO, envelope.to().toString())
                        .header(NodeHeaders.AT, Long.toString(envelope.at().toEpochMilli()))
                        .header(NodeHeaders.NONCE, envelope.nonce().toString())
                        .POST(BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HTTP.send(request.build(), BodyHandlers.ofByteArray());
    }

    private Envelope envelope() {
        return seal.envelope(API.members.self());
    }

    private static void requireRefused(HttpResponse<byte[]> response) {
        assertThat(response.statusCode()).isEqualTo(403);
        assertThat(new String(response.body(), StandardCharsets.UTF_8)).contains("not-a-node");
        assertThat(API.watch.commands).hasValue(0);
    }

    @Test
    void a_request_of_another_node_is_carried_out_and_its_answer_is_sealed() throws Exception {
        Envelope envelope = envelope();
        HttpResponse<byte[]> response = send(envelope, seal.sealRequest(envelope, check()));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(new String(response.body(), StandardCharsets.ISO_8859_1))
                .doesNotContain("INBOX");
        Reply reply = Messages.reply(seal.openAnswer(envelope, response.body()));
        assertThat(String.valueOf(reply.value())).contains("INBOX");
        assertThat(API.watch.commands).hasValue(1);
    }

    @Test
    void no_api_key_opens_the_route() throws Exception {
        Envelope envelope = envelope();
        requireRefused(send(envelope, check(), "Authorization", "Bearer " + TestApi.KEY));
        HttpRequest bare =
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + API.port() + NodeServer.PATH))
                        .header("Authorization", "Bearer " + TestApi.KEY)
                        .POST(BodyPublishers.noBody())
                        .build();
        requireRefused(HTTP.send(bare, BodyHandlers.ofByteArray()));
    }

    @Test
    void a_request_for_another_node_is_refused() throws Exception {
        Envelope envelope = seal.envelope(UUID.randomUUID());
        requireRefused(send(envelope, seal.sealRequest(envelope, check())));
    }

    @Test
    void a_request_of_another_time_is_refused() throws Exception {
        // One from the future is less early when it arrives than when it was made.
        for (int seconds : List.of(-31, 60)) {
            Envelope now = envelope();
            Envelope then =
                    new Envelope(now.from(), now.to(), now.at().plusSeconds(seconds), now.nonce());
            requireRefused(send(then, seal.sealRequest(then, check())));
        }
    }

    @Test
    void what_a_request_is_bound_to_cannot_be_changed() throws Exception {
        Envelope sealedFor = envelope();
        byte[] body = seal.sealRequest(sealedFor, check());
        UUID other = UUID.randomUUID();
        requireRefused(
                send(new Envelope(other, sealedFor.to(), sealedFor.at(), sealedFor.nonce()), body));
        requireRefused(send(new Envelope(SENDER, sealedFor.to(), sealedFor.at(), other), body));
        requireRefused(
                send(
                        new Envelope(
                                SENDER,
                                sealedFor.to(),
                                sealedFor.at().plusMillis(1),
                                sealedFor.nonce()),
                        body));
        body[body.length - 1] ^= 1;
        requireRefused(send(sealedFor, body));
    }

    @Test
    void a_request_is_accepted_once() throws Exception {
        Envelope envelope = envelope();
        byte[] body = seal.sealRequest(envelope, check());
        assertThat(send(envelope, body).statusCode()).isEqualTo(200);
        API.watch.commands.set(0);
        requireRefused(send(envelope, body));
    }

    @Test
    void another_keyset_opens_nothing(@TempDir Path directory) throws Exception {
        NodeSeal foreign =
                new NodeSeal(Keyring.open(directory.resolve("keyset.json")), SENDER, API.clock);
        Envelope envelope = foreign.envelope(API.members.self());
        requireRefused(send(envelope, foreign.sealRequest(envelope, check())));
    }

    @Test
    void an_answer_belongs_to_its_request_alone() {
        Envelope first = envelope();
        Envelope second = envelope();
        byte[] answer = seal.sealAnswer(first, new byte[] {1});
        assertThat(seal.openAnswer(first, answer)).containsExactly(1);
        assertThatThrownBy(() -> seal.openAnswer(second, answer))
                .isInstanceOf(KeyringException.class);
        // Nor is an answer a request.
        assertThatThrownBy(() -> seal.openRequest(first, answer))
                .isInstanceOf(KeyringException.class);
    }

    @Test
    void a_body_that_is_too_large_is_refused_and_another_type_too() throws Exception {
        assertThat(answerToHeadersOf(NodeServer.MAX_REQUEST_BYTES + 1))
                .startsWith("HTTP/1.1 403")
                .contains("not-a-node");
        Envelope envelope = envelope();
        HttpRequest wrongType =
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + API.port() + NodeServer.PATH))
                        .header("Content-Type", "application/json")
                        .header(NodeHeaders.FROM, envelope.from().toString())
                        .header(NodeHeaders.TO, envelope.to().toString())
                        .header(NodeHeaders.AT, Long.toString(envelope.at().toEpochMilli()))
                        .header(NodeHeaders.NONCE, envelope.nonce().toString())
                        .POST(BodyPublishers.ofByteArray(seal.sealRequest(envelope, check())))
                        .build();
        assertThat(HTTP.send(wrongType, BodyHandlers.ofByteArray()).statusCode()).isEqualTo(415);
        assertThat(API.watch.commands).hasValue(0);
    }

    /**
     * The answer to a request without its body: the server refuses it before it reads the body, and
     * closes the connection, on which a client might still be writing.
     */
    private String answerToHeadersOf(int length) throws IOException {
        Envelope envelope = envelope();
        String headers =
                """
                POST %s HTTP/1.1
                Host: x
                Content-Type: application/octet-stream
                Content-Length: %d
                Connection: close
                %s: %s
                %s: %s
                %s: %d
                %s: %s

                """
                        .formatted(
                                NodeServer.PATH,
                                length,
                                NodeHeaders.FROM,
                                envelope.from(),
                                NodeHeaders.TO,
                                envelope.to(),
                                NodeHeaders.AT,
                                envelope.at().toEpochMilli(),
                                NodeHeaders.NONCE,
                                envelope.nonce());
        try (Socket socket = new Socket("127.0.0.1", API.port())) {
            socket.setSoTimeout(180_000);
            socket.getOutputStream()
                    .write(headers.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void a_command_of_a_newer_version_has_an_answer() throws Exception {
        Envelope envelope = envelope();
        byte[] request =
                Messages.JSON.writeValueAsBytes(
                        Map.of("command", "dance", "millis", 1_000, "arguments", Map.of(), "x", 1));
        HttpResponse<byte[]> response = send(envelope, seal.sealRequest(envelope, request));
        Reply reply = Messages.reply(seal.openAnswer(envelope, response.body()));
        assertThat(Objects.requireNonNull(reply.failure()).kind())
                .isEqualTo(Reply.Kind.UNKNOWN_COMMAND);
    }

    @Test
    void more_requests_than_there_are_places_are_answered_at_once() throws Exception {
        NodeServer one =
                new NodeServer(
                        new NodeSeal(API.keyring, API.members.self(), API.clock), blocked(), 1);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<NodeServer.Answer> first = threads.submit(() -> answer(one));
            running.await();
            assertThat(answer(one)).isInstanceOf(NodeServer.Answer.Busy.class);
            release.countDown();
            assertThat(first.get()).isInstanceOf(NodeServer.Answer.Sealed.class);
        }
    }

    private final CountDownLatch running = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);

    private NodeServer.Answer answer(NodeServer server) {
        Envelope envelope = envelope();
        Map<String, String> headers =
                Map.of(
                        NodeHeaders.FROM, envelope.from().toString(),
                        NodeHeaders.TO, envelope.to().toString(),
                        NodeHeaders.AT, Long.toString(envelope.at().toEpochMilli()),
                        NodeHeaders.NONCE, envelope.nonce().toString());
        return server.answer(headers::get, seal.sealRequest(envelope, check()), () -> {});
    }

    /** Commands that wait until the test goes on. */
    private OwnerCommands blocked() {
        API.watch.command =
                () -> {
                    running.countDown();
                    try {
                        release.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                };
        return new OwnerCommands(
                API.watch,
                API.ownership,
                API.nodes,
                new AccountStore(API.database.jdbi()),
                new LoginSecrets(API.keyring),
                new ConfigurationReloads(
                        API.database.jdbi(), API.nodes, () -> API.reload.get(), () -> ""),
                TestStatus.NONE);
    }

    @Test
    void the_time_that_the_sender_waits_bounds_the_command() throws Exception {
        Envelope envelope = envelope();
        byte[] request =
                Messages.request(
                        new Command.Check(ClientStore.DEFAULT, account), Duration.ofMillis(1_234));
        assertThat(send(envelope, seal.sealRequest(envelope, request)).statusCode()).isEqualTo(200);
        assertThat(Objects.requireNonNull(API.watch.deadlineGiven).remaining())
                .isLessThanOrEqualTo(Duration.ofMillis(1_234));
    }
}
