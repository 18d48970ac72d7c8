package dev.mailbell.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.BodyBudget;
import dev.mailbell.config.HttpConfig;
import io.javalin.http.Context;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RequestDeadlineTest {
    private static final Duration SHORT = Duration.ofMillis(100);
    private static final Duration LONG = Duration.ofMinutes(3);

    /** Longer than a client may take that is cut off after {@link #LONG}. */
    private static final Duration PATIENCE = LONG.plusMinutes(1);

    private static final byte[] PIECE = new byte[1 << 16];

    private final CompletableFuture<Throwable> ended = new CompletableFuture<>();
    private final CountDownLatch read = new CountDownLatch(1);

    /** How long a request may take that begins now. */
    private volatile Duration limit = SHORT;

    private final ApiServer server = server(LONG);

    /**
     * @param piece how long a client may take to read a piece, and a route that was interrupted to
     *     answer
     */
    private ApiServer server(Duration piece) {
        return new ApiServer(
                new HttpConfig("127.0.0.1", 0),
                new ApiServer.Bounds(new BodyBudget(0, SHORT, SHORT), () -> limit, piece),
                new RequestMetrics(new SimpleMeterRegistry()),
                List.of(routes -> {
                    routes.getWithoutKey("/hang", context -> new CountDownLatch(1).await());
                    routes.getWithoutKey("/quick", context -> context.result("quick"));
                    routes.postWithoutKey("/body", context -> context.result(Body.bytes(context)));
                    routes.getWithoutKey("/stream", this::stream);
                    routes.getWithoutKey("/endless", this::endless);
                }));
    }

    @AfterEach
    void close() {
        server.close();
    }

    /** Each piece is read at once, and all of them take longer than a request may. */
    private void stream(Context context) throws IOException, InterruptedException {
        OutputStream out = RequestDeadline.stream(context);
        if (Thread.interrupted()) {
            // The deadline was over before the stream began; from here on there is none.
            throw new InterruptedException();
        }
        out.write("first\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
        read.await();
        out.write("last\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private void endless(Context context) throws IOException {
        OutputStream out =
                context.queryParam("stream") == null
                        ? context.res().getOutputStream()
                        : RequestDeadline.stream(context);
        ended.complete(
                catchThrowable(() -> {
                    while (true) {
                        out.write(PIECE);
                        out.flush();
                    }
                }));
    }

    @Test
    void a_route_that_does_not_end_is_interrupted_and_answered_with_503() throws IOException {
        try (Socket socket = connect()) {
            send(socket, "/hang");
            String answer = read(socket, "broken off");
            assertThat(answer)
                    .startsWith("HTTP/1.1 503")
                    .contains("Retry-After: ")
                    .contains("application/problem+json");
            // A busy machine may need more time for a quick route, too.
            limit = LONG;
            send(socket, "/quick");
            assertThat(read(socket, "quick")).contains("HTTP/1.1 200");
        }
    }

    @Test
    void a_body_that_trickles_in_is_given_up() throws IOException {
        limit = LONG;
        try (Socket socket = connect()) {
            OutputStream out = socket.getOutputStream();
            out.write(
                    "POST /body HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            await().pollInterval(Duration.ofMillis(20))
                    .until(() -> {
                        out.write(' ');
                        return socket.getInputStream().available() > 0;
                    });
            assertThat(read(socket, "did not arrive in time"))
                    .startsWith("HTTP/1.1 408")
                    .contains("Connection: close");
        }
    }

    @Test
    void a_client_that_does_not_read_its_answer_is_disconnected() throws Exception {
        try (Socket socket = connect()) {
            send(socket, "/endless");
            assertThat(ended.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void a_client_that_does_not_read_its_stream_is_disconnected() throws Exception {
        // It is the time of a piece that ends it.
        limit = LONG;
        try (ApiServer impatient = server(SHORT);
                Socket socket = connect(impatient)) {
            send(socket, "/endless?stream=1");
            assertThat(ended.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void a_stream_that_is_read_may_take_any_time() throws Exception {
        Duration time = Duration.ofSeconds(2);
        while (!isReadBeyond(time)) {
            time = time.multipliedBy(2);
            assertThat(time).isLessThan(LONG);
        }
    }

    /**
     * Reads a stream for longer than a request may take. Returns false where its route did not
     * begin to write in this time, as on a busy machine.
     */
    private boolean isReadBeyond(Duration time) throws IOException {
        limit = time;
        try (Socket stream = connect();
                Socket hanging = connect()) {
            send(stream, "/stream");
            if (!read(stream, "first", "broken off").contains("first")) {
                return false;
            }
            // The deadline acts on a request that began later.
            send(hanging, "/hang");
            read(hanging, "broken off");
            read.countDown();
            assertThat(read(stream, "last")).contains("last");
            return true;
        }
    }

    private Socket connect() throws IOException {
        return connect(server);
    }

    private static Socket connect(ApiServer server) throws IOException {
        Socket socket = new Socket("127.0.0.1", server.port());
        socket.setSoTimeout(180_000);
        return socket;
    }

    private static void send(Socket socket, String path) throws IOException {
        socket.getOutputStream()
                .write(
                        ("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
    }

    /** What comes until one of these texts has come. */
    private static String read(Socket socket, String... texts) throws IOException {
        StringBuilder answer = new StringBuilder();
        while (Stream.of(texts).allMatch(text -> answer.indexOf(text) < 0)) {
            int c = socket.getInputStream().read();
            assertThat(c).as("more than %s", answer).isNotNegative();
            answer.append((char) c);
        }
        while (socket.getInputStream().available() > 0) {
            answer.append((char) socket.getInputStream().read());
        }
        return answer.toString();
    }
}
