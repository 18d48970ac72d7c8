package dev.mailbell.api.http.connector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.TestApi;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Many connections without a valid key do not lock out other clients. */
class ConnectionLimitTest {
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final TestApi API = new TestApi();

    @AfterAll
    static void close() {
        API.close();
    }

    private static Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", API.port());
        socket.setSoTimeout((int) PATIENCE.toMillis());
        return socket;
    }

    private static String ask(Socket socket, String request) throws IOException {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        byte[] answer = new byte[64 * 1024];
        int length = socket.getInputStream().read(answer);
        return length < 0 ? "" : new String(answer, 0, length, StandardCharsets.ISO_8859_1);
    }

    @Test
    void idle_unauthenticated_connections_are_closed_for_new_ones() throws IOException {
        String withKey =
                "GET /v1/webhooks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                        + TestApi.KEY
                        + "\r\n\r\n";
        List<Socket> idle = new ArrayList<>();
        try (Socket client = connect()) {
            assertThat(ask(client, withKey)).startsWith("HTTP/1.1 200");
            for (int i = 0; i < ConnectionLimit.MAX_UNAUTHENTICATED + 50; i++) {
                idle.add(connect());
                // Some wait before, some within, some after a request.
                if (i % 3 == 1) {
                    idle.getLast().getOutputStream().write("GET /he".getBytes("US-ASCII"));
                } else if (i % 3 == 2) {
                    ask(idle.getLast(), "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
                }
            }
            assertThat(idle.getFirst().getInputStream().read()).as("it was closed").isEqualTo(-1);
            try (Socket fresh = connect()) {
                assertThat(ask(fresh, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))
                        .startsWith("HTTP/1.1 200");
            }
            assertThat(ask(client, withKey)).startsWith("HTTP/1.1 200");
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }
}
