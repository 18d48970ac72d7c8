package dev.mailbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A proxy before the daemon that answers in its place for a while: the daemon is restarted. */
class GatewayAnswerTest {
    @Test
    void an_import_waits_for_the_daemon_behind_a_proxy(@TempDir Path directory) throws Exception {
        Deque<Integer> statuses = new ArrayDeque<>(List.of(502, 504, 200));
        String created = "{\"results\": [{\"status\": 201}, {\"status\": 201}]}";
        HttpServer proxy =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        proxy.createContext(
                "/",
                exchange -> {
                    int status = statuses.remove();
                    exchange.getRequestBody().readAllBytes();
                    byte[] body =
                            (status == 200 ? created : "<html>Bad Gateway</html>")
                                    .getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(status, body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        proxy.start();
        try {
            Path file = directory.resolve("accounts.csv");
            Files.writeString(file, "address,password\nann@example.org,one\nbob@example.org,two\n");
            Cli.Result result =
                    Cli.of("http://127.0.0.1:" + proxy.getAddress().getPort(), "a-key-of-the-test")
                            .run("accounts", "import", file.toString());
            assertThat(result.expect(0).out()).startsWith("2 registered");
        } finally {
            proxy.stop(0);
        }
    }
}
