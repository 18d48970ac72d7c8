import com.standardwebhooks.Webhook;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

/**
 * A webhook receiver in Java with the official library: verifies each signature, takes each id
 * once, prints.
 *
 * <p>Usage: {@code java -cp standardwebhooks-1.2.0.jar Receiver.java whsec_... [port]} (listens on
 * 127.0.0.1, port 8443 unless told)
 */
public final class Receiver {
    private static final int MOST_BYTES = 64 * 1024;

    private final Webhook webhook;

    /** A real receiver keeps the ids where it keeps what it does with them. */
    private final Set<String> seen = ConcurrentHashMap.newKeySet();

    private Receiver(Webhook webhook) {
        this.webhook = webhook;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0 || !arguments[0].startsWith("whsec_")) {
            System.err.println(
                    "usage: Receiver whsec_... [port]     (the secret that the webhook's"
                            + " registration answered)");
            System.exit(2);
        }
        int port = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 8443;
        Receiver receiver = new Receiver(new Webhook(arguments[0]));
        HttpServer server =
                HttpServer.create(
                        new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", receiver::handle);
        server.start();
        System.out.println("listening on " + server.getAddress().getPort());
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] bytes = exchange.getRequestBody().readNBytes(MOST_BYTES + 1);
            exchange.sendResponseHeaders(
                    bytes.length > MOST_BYTES ? 413 : answer(exchange, bytes), -1);
        }
    }

    private int answer(HttpExchange exchange, byte[] bytes) {
        // As it came: parsing first would change it.
        String body = new String(bytes, StandardCharsets.UTF_8);
        try {
            webhook.verify(
                    body, HttpHeaders.of(exchange.getRequestHeaders(), (name, value) -> true));
        } catch (Exception refused) {
            return 401;
        }
        if (seen.add(exchange.getRequestHeaders().getFirst("webhook-id"))) {
            System.out.println(body);
        }
        return 204;
    }
}
