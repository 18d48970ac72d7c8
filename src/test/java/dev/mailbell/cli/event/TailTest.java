package dev.mailbell.cli.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.mailbell.Patience;
import dev.mailbell.Ports;
import dev.mailbell.api.TestApi;
import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.api.Parameters;
import dev.mailbell.client.ClientStore;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.watch.AnnouncedEvents;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Through a door in front of two nodes, which can be shut and led to the other node. */
@ExtendWith(Patience.class)
class TailTest {
    private final TestApi api = new TestApi();
    private final List<String> notices = new CopyOnWriteArrayList<>();
    private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    private Door door;

    @BeforeEach
    void open() throws IOException {
        door = new Door(api.port());
    }

    @AfterEach
    void close() throws IOException {
        door.close();
        api.close();
    }

    /** Forwards connections to a port, and cuts them. */
    private static final class Door implements AutoCloseable {
        private final ServerSocket server;
        private final List<Socket> sockets = new CopyOnWriteArrayList<>();
        private volatile int target;

        Door(int target) throws IOException {
            this.target = target;
            server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            Thread.ofVirtual().start(this::accept);
        }

        private void accept() {
            try {
                while (true) {
                    Socket from = server.accept();
                    Socket to;
                    try {
                        to = new Socket(InetAddress.getLoopbackAddress(), target);
                    } catch (IOException restarting) {
                        // The node does not listen yet: the client tries again.
                        from.close();
                        continue;
                    }
                    sockets.add(from);
                    sockets.add(to);
                    Thread.ofVirtual().start(() -> copy(from, to));
                    Thread.ofVirtual().start(() -> copy(to, from));
                }
            } catch (IOException e) {
                // Closed at the end of the test.
                cut();
            }
        }

        private static void copy(Socket from, Socket to) {
            try (from;
                    to;
                    InputStream in = from.getInputStream();
                    OutputStream out = to.getOutputStream()) {
                in.transferTo(out);
            } catch (IOException e) {
                // The other side is closed with this one.
            }
        }

        void cut() {
            for (Socket socket : sockets) {
                try {
                    socket.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            sockets.clear();
        }

        void leadTo(int port) {
            target = port;
            cut();
        }

        @Override
        public void close() throws IOException {
            server.close();
            cut();
        }
    }

    private String happened(Instant at) {
        UUID client = ClientStore.DEFAULT;
        Event event =
                new Event(
                        Ids.next(),
                        client,
                        null,
                        EventType.ACCOUNT_CONNECTED,
                        at,
                        AnnouncedEvents.of(EventType.ACCOUNT_CONNECTED, client, UUID.randomUUID())
                                .getFirst()
                                .payload());
        api.database
                .jdbi()
                .useTransaction(handle -> EventStore.insert(event).update(handle.getConnection()));
        return event.id().toString();
    }

    private String happened() {
        return happened(Instant.now());
    }

    private Api connect() {
        return Api.of("http://127.0.0.1:" + door.server.getLocalPort(), TestApi.KEY);
    }

    /** Runs a tail on a thread of its own until the test has ended it. */
    private final class Running implements AutoCloseable {
        private final Api connection = connect();
        private final Tail tail =
                new Tail(
                        connection,
                        new Parameters(),
                        Duration.ofMinutes(5),
                        event -> seen.add(event.path("id").stringValue()),
                        notices::add);
        private final Thread thread;

        Running(@Nullable String after) {
            thread = Thread.ofPlatform().start(() -> tail.run(after));
        }

        @Override
        public void close() throws InterruptedException {
            tail.stop();
            thread.join();
            connection.close();
        }
    }

    private String next() throws InterruptedException {
        String id = seen.poll(180, TimeUnit.SECONDS);
        assertThat(id).as("the next event; %s", notices).isNotNull();
        return id;
    }

    @Test
    void it_goes_on_after_a_cut_a_restart_and_a_change_of_the_node() throws Exception {
        List<String> expected = new ArrayList<>();
        expected.add(happened());
        try (Running _ = new Running(null);
                TestApi other = new TestApi(api)) {
            assertThat(next()).isEqualTo(expected.getFirst());
            for (Runnable event :
                    List.<Runnable>of(
                            door::cut, api::restart, () -> door.leadTo(other.port()), door::cut)) {
                event.run();
                expected.add(happened());
                expected.add(happened());
                assertThat(next()).isEqualTo(expected.get(expected.size() - 2));
                assertThat(next()).isEqualTo(expected.getLast());
            }
        }
        assertThat(seen).isEmpty();
        assertThat(notices).contains("connected again");
    }

    @Test
    void it_goes_on_when_a_proxy_reaches_the_daemon_again() throws Exception {
        HttpServer proxy =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        proxy.createContext(
                "/",
                exchange -> {
                    exchange.sendResponseHeaders(502, -1);
                    exchange.close();
                });
        proxy.start();
        try (Running _ = new Running(null)) {
            String first = happened();
            assertThat(next()).isEqualTo(first);
            door.leadTo(proxy.getAddress().getPort());
            door.cut();
            await().until(() -> notices.toString().contains("(502)"));
            String second = happened();
            door.leadTo(api.port());
            door.cut();
            assertThat(next()).isEqualTo(second);
        } finally {
            proxy.stop(0);
        }
    }

    @Test
    void it_ends_where_the_key_is_refused_and_where_nothing_ever_answered() throws Exception {
        try (Api wrong = Api.of("http://127.0.0.1:" + api.port(), "mbk_wrong")) {
            Tail tail =
                    new Tail(
                            wrong,
                            new Parameters(),
                            Duration.ofHours(1),
                            event -> {},
                            notices::add);
            assertThatThrownBy(() -> tail.run(null))
                    .isInstanceOfSatisfying(
                            ApiFailure.class,
                            e -> assertThat(e.exitCode()).isEqualTo(ExitCodes.REFUSED));
        }
        try (Ports.Closed closed = new Ports.Closed();
                Api away = Api.of("http://127.0.0.1:" + closed.port(), TestApi.KEY)) {
            Tail tail =
                    new Tail(
                            away, new Parameters(), Duration.ofHours(1), event -> {}, notices::add);
            assertThatThrownBy(() -> tail.run(null))
                    .isInstanceOfSatisfying(
                            ApiFailure.class,
                            e -> assertThat(e.exitCode()).isEqualTo(ExitCodes.UNREACHABLE));
        }
        assertThat(notices).isEmpty();
    }

    @Test
    void a_silent_stream_is_closed() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                Socket to = new Socket(InetAddress.getLoopbackAddress(), silent.getLocalPort());
                Socket from = silent.accept();
                Silence _ = new Silence(to.getInputStream(), Duration.ofMillis(50))) {
            await().until(to::isClosed);
            assertThat(from.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void the_newest_event_is_found_by_its_time() {
        try (Api connection = connect()) {
            Instant now = Instant.now();
            FeedPosition position = new FeedPosition(connection, () -> now);
            assertThat(position.newest()).isEmpty();
            assertThat(position.before(now.minusSeconds(60))).isEmpty();
            String newest = "";
            for (int i = 0; i < 3; i++) {
                newest = happened();
            }
            api.awaitFeed();
            assertThat(position.newest()).contains(newest);
            // Also where the caller's clock is far behind or ahead of the server's.
            for (Duration off :
                    List.of(Duration.ofDays(-3), Duration.ofHours(5), Duration.ofDays(400))) {
                assertThat(new FeedPosition(connection, () -> now.plus(off)).newest())
                        .as("%s", off)
                        .contains(newest);
            }
            // Nothing since then: only what is new follows.
            assertThat(position.before(now.plus(Duration.ofHours(3))))
                    .isEqualTo(Optional.of(newest));
        }
    }
}
