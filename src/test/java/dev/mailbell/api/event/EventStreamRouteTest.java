package dev.mailbell.api.event;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.api.request.Json;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.watch.AnnouncedEvents;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class EventStreamRouteTest {
    private static final int PATIENCE_SECONDS = 180;

    private final TestApi api = new TestApi();
    private final UUID clientId = newClient();
    private final HttpCaller client = api.client().with("Mailbell-Client", clientId.toString());

    @AfterEach
    void close() {
        api.close();
    }

    private UUID newClient() {
        UUID id = UUID.randomUUID();
        api.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "insert into client (id, name) values (?, ?)", id, id.toString()));
        return id;
    }

    private UUID happened(EventType type, @Nullable UUID account) {
        Event event =
                new Event(
                        Ids.next(),
                        clientId,
                        account,
                        type,
                        Instant.now(),
                        AnnouncedEvents.of(
                                        type,
                                        clientId,
                                        account == null ? UUID.randomUUID() : account)
                                .getFirst()
                                .payload());
        api.database
                .jdbi()
                .useTransaction(handle -> EventStore.insert(event).update(handle.getConnection()));
        return event.id();
    }

    /** A reader over a plain socket, so that nothing between us gathers what was sent. */
    private static final class Reader implements AutoCloseable {
        final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        private final Socket socket;

        Reader(int port, UUID clientId, String query, String header) throws IOException {
            this(port, TestApi.KEY, query, "Mailbell-Client: " + clientId + "\r\n" + header);
        }

        Reader(int port, String key, String query, String header) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.getOutputStream()
                    .write(
                            ("GET /v1/events/stream"
                                            + query
                                            + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                                            + key
                                            + "\r\n"
                                            + header
                                            + "\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            Thread.ofVirtual().start(this::read);
        }

        private void read() {
            try (BufferedReader in =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    lines.add(line);
                }
                lines.add("END");
            } catch (IOException e) {
                lines.add("END");
            }
        }

        /** The next line with such a beginning, without it. */
        String next(String beginning) throws InterruptedException {
            while (true) {
                String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(line).as("a line with %s", beginning).isNotNull();
                if (line.startsWith(beginning)) {
                    return line.substring(beginning.length());
                }
                assertThat(line).isNotEqualTo("END");
            }
        }

        /** The stream ends without another event. */
        void requireEnd() throws InterruptedException {
            while (true) {
                String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(line).as("the end of the stream").isNotNull();
                if (line.equals("END")) {
                    return;
                }
                assertThat(line).doesNotStartWith("id: ");
            }
        }

        UUID nextId() throws InterruptedException {
            return UUID.fromString(next("id: "));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private Reader openWith(JsonNode key) throws Exception {
        // Otherwise the server keeps the connection for another request after the stream has ended.
        String header = "Connection: close\r\n";
        Reader reader = new Reader(api.port(), key.required("key").stringValue(), "", header);
        reader.next("retry: ");
        return reader;
    }

    @Test
    void a_stream_ends_soon_after_its_key_is_revoked() throws Exception {
        JsonNode key = api.newKey(clientId.toString(), "read");
        try (Reader revoked = openWith(key);
                Reader other = openWith(api.newKey(clientId.toString(), "read"))) {
            api.client()
                    .delete(
                            "/v1/clients/"
                                    + clientId
                                    + "/keys/"
                                    + key.required("id").stringValue());
            revoked.requireEnd();
            UUID event = happened(EventType.MAIL_NEW, null);
            assertThat(other.nextId()).isEqualTo(event);
        }
    }

    @Test
    void no_event_is_streamed_to_a_key_that_has_expired() throws Exception {
        JsonNode key =
                json(
                        api.client()
                                .post(
                                        "/v1/clients/" + clientId + "/keys",
                                        "{\"name\": \"short\", \"scopes\": [\"read\"], \"expiresAt\": \"%s\"}"
                                                .formatted(Instant.now().plusSeconds(3600))));
        try (Reader reader = openWith(key)) {
            api.clock.ahead = Duration.ofSeconds(3601);
            happened(EventType.MAIL_NEW, null);
            reader.requireEnd();
        }
    }

    private Reader open(String query, String header) throws IOException {
        return new Reader(api.port(), clientId, query, header);
    }

    private Reader open(String query) throws IOException {
        return open(query, "");
    }

    @Test
    void events_come_as_they_happen_with_id_type_and_data() throws Exception {
        UUID before = happened(EventType.ACCOUNT_CONNECTED, null);
        try (Reader reader = open("")) {
            assertThat(reader.next("HTTP/1.1 ")).isEqualTo("200 OK");
            assertThat(reader.next("Content-Type: ")).startsWith("text/event-stream");
            assertThat(reader.nextId()).isEqualTo(before);
            UUID fresh = happened(EventType.MAIL_NEW, null);
            assertThat(reader.nextId()).isEqualTo(fresh);
            assertThat(reader.next("event: ")).isEqualTo("mail.new");
            String data = reader.next("data: ");
            assertThat(Json.MAPPER.readTree(data))
                    .isEqualTo(json(client.get("/v1/events?type=mail.new")).at("/items/0"));
        }
    }

    @Test
    void a_client_resumes_without_a_skipped_or_repeated_event() throws Exception {
        List<UUID> all = new ArrayList<>();
        for (int i = 0; i < 250; i++) {
            all.add(happened(EventType.MAIL_NEW, null));
        }
        List<UUID> read = new ArrayList<>();
        try (Reader reader = open("")) {
            for (int i = 0; i < 120; i++) {
                read.add(reader.nextId());
            }
        }
        String url = "?after=" + all.getFirst();
        try (Reader reader = open(url, "Last-Event-ID: " + read.getLast() + "\r\n")) {
            for (int i = 120; i < 250; i++) {
                read.add(reader.nextId());
            }
            all.add(happened(EventType.MAIL_NEW, null));
            read.add(reader.nextId());
        }
        assertThat(read).isEqualTo(all);
        try (Reader reader = open("?after=" + all.get(249))) {
            assertThat(reader.nextId()).isEqualTo(all.get(250));
        }
    }

    @Test
    void only_matching_events_are_streamed() throws Exception {
        UUID account = UUID.randomUUID();
        try (Reader parked = open("?type=account.parked");
                Reader one = open("?accountId=" + account)) {
            parked.next("retry: ");
            one.next("retry: ");
            happened(EventType.MAIL_NEW, null);
            UUID mail = happened(EventType.MAIL_NEW, account);
            UUID park = happened(EventType.ACCOUNT_PARKED, null);
            assertThat(one.nextId()).isEqualTo(mail);
            assertThat(parked.nextId()).isEqualTo(park);
        }
    }

    @Test
    void invalid_queries_are_answered_with_problems() {
        assertThat(
                        faults(
                                client.with("Last-Event-ID", "7")
                                        .get(
                                                "/v1/events/stream?after=x&type=y&accountId=z&limit=1")))
                .containsOnlyKeys("Last-Event-ID", "after", "type", "accountId", "limit");
    }

    /** A browser's EventSource can send no header, so its key could only be in the URL. */
    @Test
    void an_event_source_of_a_browser_is_refused_whatever_its_url_carries() {
        HttpCaller browser =
                api.client()
                        .without("Authorization")
                        .with("Accept", "text/event-stream")
                        .with("Cache-Control", "no-cache");
        for (String query :
                new String[] {
                    "",
                    "?key=" + TestApi.KEY,
                    "?access_token=" + TestApi.KEY,
                    "?authorization=Bearer%20" + TestApi.KEY
                }) {
            HttpResponse<String> refused = browser.get("/v1/events/stream" + query);
            assertThat(refused.statusCode()).as(query).isEqualTo(401);
            assertThat(refused.headers().firstValue("Content-Type"))
                    .contains("application/problem+json");
            assertThat(json(refused).required("detail").stringValue())
                    .isEqualTo("send the header Authorization: Bearer <key>");
        }
    }

    @Test
    void streams_per_client_are_limited_and_released() throws Exception {
        List<Reader> readers = new ArrayList<>();
        for (int i = 0; i < EventStreams.MAX_PER_CLIENT; i++) {
            Reader reader = open("");
            reader.next("retry: ");
            readers.add(reader);
        }
        HttpResponse<String> refused = client.get("/v1/events/stream");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("Retry-After")).isPresent();
        try (Reader stranger = new Reader(api.port(), newClient(), "", "")) {
            stranger.next("retry: ");
        }
        readers.removeLast().close();
        // A closed connection is noticed at the next write.
        await().atMost(Duration.ofSeconds(PATIENCE_SECONDS))
                .until(() -> {
                    happened(EventType.MAIL_NEW, null);
                    try (Reader again = open("")) {
                        return again.next("HTTP/1.1 ").startsWith("200");
                    }
                });
        for (Reader reader : readers) {
            reader.close();
        }
    }

    @Test
    void streams_end_when_the_api_stops() throws Exception {
        try (Reader reader = open("")) {
            reader.next("retry: ");
            long begun = System.nanoTime();
            api.api().close();
            String line = "";
            while (!line.equals("END")) {
                line = reader.lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(line).isNotNull();
            }
            assertThat(Duration.ofNanos(System.nanoTime() - begun))
                    .isLessThan(Duration.ofSeconds(60));
        }
    }
}
