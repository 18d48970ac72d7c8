package dev.mailbell.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A webhook endpoint as a client would write it: it verifies the signature (Standard Webhooks
 * 1.0.0) and accepts each {@code webhook-id} once.
 */
final class DemoReceiver implements AutoCloseable {
    private static final int MAX_BODY_BYTES = 64 * 1024;

    /** A delivery with a valid signature. */
    record Received(String id, String body, Instant at) {}

    private final HttpServer server;
    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>(10_000);
    private final Set<String> ids = ConcurrentHashMap.newKeySet();
    private volatile byte @Nullable [] key;

    DemoReceiver() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::handle);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/mail";
    }

    /**
     * @param secret the secret in the answer to the registration: {@code whsec_} and the key in
     *     Base64
     */
    void trust(String secret) {
        key = Base64.getDecoder().decode(secret.substring("whsec_".length()));
    }

    BlockingQueue<Received> received() {
        return received;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES);
            int status = 401;
            String id = exchange.getRequestHeaders().getFirst("webhook-id");
            String timestamp = exchange.getRequestHeaders().getFirst("webhook-timestamp");
            String signatures = exchange.getRequestHeaders().getFirst("webhook-signature");
            if (id != null
                    && timestamp != null
                    && signatures != null
                    && isSigned(id, timestamp, body, signatures)) {
                if (ids.add(id)) {
                    received.add(
                            new Received(
                                    id, new String(body, StandardCharsets.UTF_8), Instant.now()));
                }
                status = 204;
            }
            exchange.sendResponseHeaders(status, -1);
        }
    }

    private boolean isSigned(String id, String timestamp, byte[] body, String signatures) {
        byte[] secret = key;
        if (secret == null) {
            return false;
        }
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            byte[] expected =
                    ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body)))
                            .getBytes(StandardCharsets.US_ASCII);
            for (String signature : signatures.split(" ", -1)) {
                if (MessageDigest.isEqual(
                        expected, signature.getBytes(StandardCharsets.US_ASCII))) {
                    return true;
                }
            }
            return false;
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every Java platform has HmacSHA256", impossible);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
