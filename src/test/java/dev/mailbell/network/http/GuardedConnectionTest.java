package dev.mailbell.network.http;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.apache.hc.core5.io.CloseMode;
import org.junit.jupiter.api.Test;

class GuardedConnectionTest {
    private static final int LIMIT = 1024;

    @Test
    void a_connection_that_the_deadline_has_closed_is_unusable() throws Exception {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket server = new ServerSocket(0, 1, loopback);
                Socket socket = new Socket(loopback, server.getLocalPort());
                ManagedHttpClientConnection connection =
                        GuardedConnections.kept(LIMIT).createConnection(socket)) {
            connection.sendRequestHeader(request());

            connection.close(CloseMode.IMMEDIATE);

            assertThatExceptionOfType(UnusableConnectionException.class)
                    .isThrownBy(() -> connection.sendRequestHeader(request()));
        }
    }

    private static BasicClassicHttpRequest request() {
        return new BasicClassicHttpRequest("GET", "/");
    }
}
