package dev.mailbell.e2e;

import com.standardwebhooks.Webhook;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A webhook's receiver that checks signatures with the official library and notes what came, each
 * id once.
 */
public final class Receiver implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    private final HttpServer server;
    private final Map<String, String> bodies = new ConcurrentHashMap<>();
    private final List<JsonNode> events = new CopyOnWriteArrayList<>();
    private final List<String> faults = new CopyOnWriteArrayList<>();
    private volatile @Nullable Webhook verifier;

    /** What the next request is answered; anything but 2xx is not noted. */
    private volatile IntSupplier status = () -> 204;

    private volatile Observer observer = (id, body, port) -> {};

    /** Called for each POST before it is answered; the answer waits until it returns. */
    @FunctionalInterface
    public interface Observer {
        /**
         * @param id {@code webhook-id}
         * @param port the sender's
         */
        void posted(String id, JsonNode body, int port);
    }

    public Receiver() {
        try {
            server =
                    HttpServer.create(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::handle);
        server.start();
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/hook";
    }

    public void trust(String secret) throws Exception {
        verifier = new Webhook(secret);
    }

    public void answer(IntSupplier statuses) {
        status = statuses;
    }

    public void observe(Observer now) {
        observer = now;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String body =
                    new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            String id = exchange.getRequestHeaders().getFirst("webhook-id");
            int answer = status.getAsInt();
            verify(exchange, body);
            String before = bodies.putIfAbsent(id, body);
            if (before != null && !before.equals(body)) {
                faults.add("two attempts of " + id + " differ");
            }
            if (answer / 100 == 2) {
                note(id, body);
            }
            observer.posted(id, JSON.readTree(body), exchange.getRemoteAddress().getPort());
            exchange.sendResponseHeaders(answer, -1);
        }
    }

    private final Map<String, Boolean> noted = new ConcurrentHashMap<>();

    private void note(String id, String body) {
        if (noted.putIfAbsent(id, true) == null) {
            events.add(JSON.readTree(body));
        }
    }

    private void verify(HttpExchange exchange, String body) {
        Webhook trusted = verifier;
        if (trusted == null) {
            return;
        }
        try {
            trusted.verify(
                    body, HttpHeaders.of(exchange.getRequestHeaders(), (name, value) -> true));
        } catch (Exception e) {
            faults.add("a signature does not verify: " + e.getMessage());
        }
    }

    /** What was taken, in the order it came. */
    public List<JsonNode> events() {
        return events;
    }

    /**
     * Signatures that were wrong, and attempts that differed; a test asserts that there are none.
     */
    public List<String> faults() {
        return faults;
    }

    /** The sum of {@code newCount} over the account's {@code mail.new} events. */
    public int announced(String accountId) {
        return sum("mail.new", accountId);
    }

    /** The sum of {@code newCount} over the account's {@code mailbox.reset} events. */
    public int reset(String accountId) {
        return sum("mailbox.reset", accountId);
    }

    private int sum(String type, String accountId) {
        return events.stream()
                .filter(event -> event.path("type").stringValue().equals(type))
                .map(event -> event.path("data"))
                .filter(data -> data.path("accountId").stringValue().equals(accountId))
                .mapToInt(data -> data.path("newCount").intValue())
                .sum();
    }

    public long count(String type) {
        return events.stream()
                .filter(event -> event.path("type").stringValue().equals(type))
                .count();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
