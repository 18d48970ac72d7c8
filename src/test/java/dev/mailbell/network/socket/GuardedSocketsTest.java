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
import org.junit.jupiter.params.provider.CsvSource;
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

    /** Otherwise a receiver that this node never reaches passes for a fault of this node. */
    @ParameterizedTest
    @CsvSource({
        "2a00::1, false, Network is unreachable, false",
        "2a00::1, false, Cannot assign requested address, false",
        "2a00::1, false, Too many open files, true",
        "2a00::1, true, Network is unreachable, true",
        "fd00::1, false, Network is unreachable, true",
        "192.0.2.1, false, Network is unreachable, true"
    })
    void a_host_of_ipv6_alone_is_out_of_reach_of_a_host_without_it(
            String address, boolean hasIpv6, String said, boolean ofThisHost) throws Exception {
        IOException failure =
                GuardedSockets.failure(
                        "hook.example",
                        443,
                        new ConnectException(said),
                        List.of(InetAddress.getByName(address)),
                        () -> hasIpv6);
        assertThat(failure).isInstanceOf(ConnectException.class);
        assertThat(GuardedSockets.isOfThisHost(String.valueOf(failure.getMessage())))
                .isEqualTo(ofThisHost);
        assertThat(failure.getMessage()).startsWith("hook.example:443: ");
    }

    @ParameterizedTest
    @CsvSource({
        "2a00::1, true",
        "2001:db8::1, true",
        "fd00::2, false",
        "fe80::1, false",
        "::1, false",
        "8.8.8.8, false"
    })
    void only_a_global_address_is_a_way_to_the_ipv6_of_others(String address, boolean global)
            throws Exception {
        assertThat(LocalIpv6.isGlobal(InetAddress.getByName(address))).isEqualTo(global);
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
