package dev.mailbell.network.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.Ports;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Host;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.address.BlockedAddressException;
import dev.mailbell.network.address.Resolver;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuardedSocketsTest {
    private static Deadline soon() {
        return Deadline.after(Duration.ofSeconds(60));
    }

    private static AddressGuard guard(String allowPrivate, String... answers) {
        Resolver resolver =
                name ->
                        List.of(answers).stream()
                                .map(a -> Host.of(a).literal().orElseThrow())
                                .toList();
        return new AddressGuard(List.of(allowPrivate), List.of(), resolver);
    }

    @Test
    void a_socket_is_opened_without_delay_and_with_keep_alive() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                AddressGuard guard = guard("127.0.0.1", "127.0.0.1");
                Socket socket =
                        new GuardedSockets(guard)
                                .connect("imap.example", server.getLocalPort(), soon())) {
            assertThat(socket.isConnected()).isTrue();
            assertThat(socket.getTcpNoDelay()).isTrue();
            assertThat(socket.getKeepAlive()).isTrue();
        }
    }

    @Test
    void the_next_address_is_tried_when_one_refuses() throws Exception {
        InetAddress second = Host.of("127.0.0.2").literal().orElseThrow();
        try (Ports.Closed first = new Ports.Closed();
                ServerSocket server = new ServerSocket(first.port(), 5, second);
                AddressGuard guard = guard("127.0.0.0/8", "127.0.0.1", "127.0.0.2");
                Socket socket =
                        new GuardedSockets(guard)
                                .connect("imap.example", server.getLocalPort(), soon())) {
            assertThat(socket.getInetAddress()).isEqualTo(second);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Network is unreachable",
                "Cannot assign requested address",
                "Address family not supported by protocol"
            })
    void an_address_that_this_host_has_no_way_to_does_not_hide_how_another_one_answered(
            String noWay) {
        IOException refused = new ConnectException("Connection refused");
        IOException late = new SocketTimeoutException("Connect timed out");
        IOException local = new ConnectException(noWay);
        assertThat(GuardedSockets.moreTelling(refused, local)).isSameAs(refused);
        assertThat(GuardedSockets.moreTelling(late, local)).isSameAs(late);
        assertThat(GuardedSockets.moreTelling(local, refused)).isSameAs(refused);
        assertThat(GuardedSockets.moreTelling(refused, late)).isSameAs(late);
        assertThat(GuardedSockets.moreTelling(null, local)).isSameAs(local);
    }

    @Test
    void a_refused_address_is_never_connected_to() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                AddressGuard guard = guard("10.0.0.0/8", "127.0.0.1")) {
            server.setSoTimeout(1);
            assertThatThrownBy(() ->
                            new GuardedSockets(guard)
                                    .connect("imap.example", server.getLocalPort(), soon()))
                    .isInstanceOf(BlockedAddressException.class);
            assertThatThrownBy(server::accept).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void a_closed_port_is_a_refused_connection_named_without_an_address() throws Exception {
        try (Ports.Closed closed = new Ports.Closed();
                AddressGuard guard = guard("127.0.0.1", "127.0.0.1")) {
            int port = closed.port();
            assertThatThrownBy(
                            () -> new GuardedSockets(guard).connect("imap.example", port, soon()))
                    .isInstanceOf(ConnectException.class)
                    .hasMessageContaining("imap.example:" + port)
                    .hasMessageNotContainingAny("127.0.0.1");
        }
    }

    @Test
    void nothing_is_tried_after_the_deadline() {
        try (AddressGuard guard = guard("127.0.0.1", "127.0.0.1")) {
            assertThatThrownBy(() ->
                            new GuardedSockets(guard)
                                    .connect("127.0.0.1", 9, Deadline.after(Duration.ZERO)))
                    .isInstanceOf(SocketTimeoutException.class);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new GuardedSockets(guard).connect("127.0.0.1", 0, soon()));
        }
    }
}
