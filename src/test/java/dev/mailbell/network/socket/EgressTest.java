package dev.mailbell.network.socket;

import static dev.mailbell.network.socket.ScriptedProxy.connectsTo;
import static dev.mailbell.network.socket.ScriptedProxy.floods;
import static dev.mailbell.network.socket.ScriptedProxy.hears;
import static dev.mailbell.network.socket.ScriptedProxy.hearsHead;
import static dev.mailbell.network.socket.ScriptedProxy.isSilent;
import static dev.mailbell.network.socket.ScriptedProxy.says;
import static dev.mailbell.network.socket.ScriptedProxy.sends;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.Ports;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Host;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.address.BlockedAddressException;
import dev.mailbell.network.socket.ScriptedProxy.Step;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Connections through a proxy and from a local address. */
class EgressTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofMillis(250);

    /** IMAP.example has a public address, two.example two of them, inside.example a private one. */
    private static final Map<String, List<String>> NAMES =
            Map.of(
                    "imap.example", List.of("93.184.215.14"),
                    "two.example", List.of("2001:db8:1::1", "93.184.215.14"),
                    "inside.example", List.of("10.1.2.3"));

    /** The addresses of the proxies are private and not among the allowed ones. */
    private static final AddressGuard GUARD =
            new AddressGuard(List.of("2001:db8:1::/48"), List.of(), EgressTest::resolve);

    private static final String OPENED = "05 00 00 01 00000000 0000";

    @AfterAll
    static void close() {
        GUARD.close();
    }

    private static List<InetAddress> resolve(String name) throws UnknownHostException {
        List<String> found = NAMES.get(name);
        if (found == null) {
            throw new UnknownHostException(name);
        }
        return found.stream().map(it -> Host.of(it).literal().orElseThrow()).toList();
    }

    private static Egress way(String url, boolean proxyResolves) {
        return new Egress("tokyo", ProxyAddress.parse(url), null, proxyResolves);
    }

    private static Socket connect(Egress egress, String host, Duration time) throws IOException {
        return new GuardedSockets(GUARD).connect(host, 993, egress, Deadline.after(time));
    }

    private static <E extends IOException> E failure(
            Class<E> type, Egress egress, String host, Duration time) {
        return catchThrowableOfType(type, () -> connect(egress, host, time).close());
    }

    private static String failureBy(String url, Duration time, Step... steps) throws IOException {
        try (ScriptedProxy proxy = new ScriptedProxy(steps)) {
            Egress egress = way(url.replace("PORT", "" + proxy.port()), false);
            ProxyException e = failure(ProxyException.class, egress, "imap.example", time);
            assertThat(e).hasMessageNotContainingAny("p@ss", "somebody", "127.0.0.1");
            return String.valueOf(e.getMessage());
        }
    }

    /**
     * The same at a deadline that passes during the dialogue. On a busy machine it may pass before
     * the proxy is connected to: then the time doubles.
     */
    private static String lateFailureBy(String url, Step... steps) throws IOException {
        for (Duration time = SHORT; ; time = time.multipliedBy(2)) {
            try (ScriptedProxy proxy = new ScriptedProxy(steps)) {
                Egress egress = way(url.replace("PORT", "" + proxy.port()), false);
                IOException e = failure(IOException.class, egress, "imap.example", time);
                assertThat(e).hasMessageNotContainingAny("p@ss", "somebody", "127.0.0.1");
                String message = String.valueOf(e.getMessage());
                boolean connected =
                        e instanceof ProxyException && !message.contains("cannot be reached");
                if (connected || time.compareTo(LONG) > 0) {
                    return message;
                }
            }
        }
    }

    private static ServerSocket greeting() throws IOException {
        ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Thread.startVirtualThread(() -> {
            try (Socket client = server.accept()) {
                client.getOutputStream().write("hello".getBytes(US_ASCII));
                client.getInputStream().readAllBytes();
            } catch (IOException e) {
                // The test asserts on what the client read.
            }
        });
        return server;
    }

    @Test
    void socks_gets_the_checked_address_and_not_the_name() throws IOException {
        try (ServerSocket server = greeting();
                ScriptedProxy proxy =
                        new ScriptedProxy(
                                hears(4),
                                sends("05 02"),
                                hears(15),
                                sends("01 00"),
                                hears(10),
                                sends("05 00 00 03 02 6162 0000"),
                                connectsTo(server.getLocalPort()));
                Socket socket =
                        connect(
                                way("socks5://somebody:p%40ss@127.0.0.1:" + proxy.port(), false),
                                "imap.example",
                                LONG)) {
            assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
            assertThat(socket.getSoTimeout()).isZero();
            assertThat(proxy.heard)
                    .containsExactly(
                            "05020002",
                            "0108" + "736f6d65626f6479" + "04" + "70407373",
                            "05010001" + "5db8d70e" + "03e1");
        }
    }

    @Test
    void connect_gets_the_checked_address_too() throws IOException {
        try (ServerSocket server = greeting();
                ScriptedProxy proxy =
                        new ScriptedProxy(
                                hearsHead(),
                                says("HTTP/1.1 200 OK\r\n\r\n"),
                                connectsTo(server.getLocalPort()));
                Socket socket =
                        connect(
                                way("http://somebody:p%40ss@127.0.0.1:" + proxy.port(), false),
                                "imap.example",
                                LONG)) {
            assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
            assertThat(proxy.heard)
                    .containsExactly(
                            """
                            CONNECT 93.184.215.14:993 HTTP/1.1
                            Host: 93.184.215.14:993
                            Proxy-Authorization: Basic c29tZWJvZHk6cEBzcw==

                            """
                                    .replace("\n", "\r\n"));
        }
    }

    @Test
    void a_proxy_that_resolves_gets_the_name_even_if_it_is_unknown_here() throws IOException {
        try (ServerSocket server = greeting();
                ScriptedProxy proxy =
                        new ScriptedProxy(
                                hears(3),
                                sends("05 00"),
                                hears(22),
                                sends(OPENED),
                                connectsTo(server.getLocalPort()));
                Socket socket =
                        connect(
                                way("socks5://127.0.0.1:" + proxy.port(), true),
                                "unknown.example",
                                LONG)) {
            assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
            assertThat(proxy.heard)
                    .containsExactly(
                            "050100",
                            "0501000" + "30f" + "756e6b6e6f776e2e6578616d706c65" + "03e1");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.1, false",
        "inside.example, false",
        "10.0.0.1, true",
        "::ffff:10.0.0.1, true",
        "inside.example, true",
        "localhost, true",
        "a.localhost, true",
        "intranet, true"
    })
    void a_blocked_host_is_never_named_to_the_proxy(String host, boolean proxyResolves)
            throws IOException {
        try (ScriptedProxy proxy = new ScriptedProxy(hears(1))) {
            Egress egress = way("socks5://127.0.0.1:" + proxy.port(), proxyResolves);
            assertThat(failure(BlockedAddressException.class, egress, host, LONG)).isNotNull();
            assertThat(proxy.heard).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    05 ff                       | accepts no login by user and password
                    05 01                       | chose a method that was not offered (1)
                    48 54                       | does not speak SOCKS version 5; is its port right?
                    04 00                       | does not speak SOCKS version 5; is its port right?
                    05 02 01 01                 | refused the user and password
                    05 00 05 01                 | answered 1 (general failure) to CONNECT imap.example:993
                    05 00 05 02                 | answered 2 (not allowed) to CONNECT imap.example:993
                    05 00 05 07                 | answered 7 (command not supported) to CONNECT imap.example:993
                    05 00 05 63                 | answered 99 (unknown failure) to CONNECT imap.example:993
                    05 00 05 00 00 07           | answered with an address of an unknown type
                    05                          | closed the connection without a choice of method
                    05 02                       | closed the connection without an answer to the login
                    05 00                       | closed the connection without an answer to CONNECT
                    05 00 05 00 00 01 7f        | closed the connection without the end of its answer
                    """)
    void what_a_socks_proxy_refuses_is_named(String answers, String why) throws IOException {
        // It shuts down its output only, so that no reset overtakes the answer.
        Step end =
                (proxy, client) -> {
                    client.shutdownOutput();
                    client.getInputStream().readAllBytes();
                };
        assertThat(failureBy("socks5://somebody:p%40ss@127.0.0.1:PORT", LONG, sends(answers), end))
                .isEqualTo("the proxy of the way out \"tokyo\" " + why);
    }

    @ParameterizedTest
    @CsvSource({
        "3, network unreachable",
        "4, host unreachable",
        "5, connection refused",
        "6, TTL expired"
    })
    void a_target_that_the_proxy_cannot_reach_is_named_with_it(String reply, String why)
            throws IOException {
        try (ScriptedProxy proxy =
                new ScriptedProxy(
                        hears(3), sends("05 00"), hears(10), sends("05 0" + reply), isSilent())) {
            Egress egress = way("socks5://127.0.0.1:" + proxy.port(), false);
            assertThat(failure(ConnectException.class, egress, "imap.example", LONG))
                    .hasMessage(
                            "imap.example:993 cannot be reached: the proxy of the way out"
                                    + " \"tokyo\" answered %s (%s)",
                            reply, why);
        }
    }

    @Test
    void the_next_address_is_tried_when_the_proxy_cannot_reach_one() throws IOException {
        Step byFamily =
                (proxy, client) -> {
                    byte[] request = client.getInputStream().readNBytes(4);
                    boolean ipv4 = request[3] == 1;
                    client.getInputStream().readNBytes(ipv4 ? 6 : 18);
                    proxy.heard.add(ipv4 ? "IPv4" : "IPv6");
                    sends(ipv4 ? OPENED : "05 08 00 01 00000000 0000").play(proxy, client);
                    isSilent().play(proxy, client);
                };
        try (ScriptedProxy proxy = new ScriptedProxy(hears(3), sends("05 00"), byFamily);
                Socket socket =
                        connect(
                                way("socks5://127.0.0.1:" + proxy.port(), false),
                                "two.example",
                                LONG)) {
            assertThat(socket.isConnected()).isTrue();
            assertThat(proxy.heard).containsExactly("050100", "IPv6", "050100", "IPv4");
        }
    }

    @Test
    void a_silent_proxy_ends_at_the_deadline_and_is_named() throws IOException {
        for (String url : List.of("socks5://127.0.0.1:PORT", "http://127.0.0.1:PORT")) {
            assertThat(lateFailureBy(url, isSilent()))
                    .isEqualTo(
                            "the proxy of the way out \"tokyo\" did not connect to"
                                    + " imap.example:993 in time");
        }
    }

    @Test
    void a_proxy_that_drips_ends_at_the_deadline() throws IOException {
        Step drip =
                (proxy, client) -> {
                    client.setSoTimeout(20);
                    while (true) {
                        client.getOutputStream().write('x');
                        try {
                            if (client.getInputStream().read() < 0) {
                                return;
                            }
                        } catch (SocketTimeoutException pause) {
                            // The next octet.
                        }
                    }
                };
        assertThat(lateFailureBy("http://127.0.0.1:PORT", says("HTTP/1.1 200 OK\r\nA: "), drip))
                .contains("in time");
    }

    @Test
    void a_proxy_that_floods_is_left() throws IOException {
        assertThat(failureBy("socks5://127.0.0.1:PORT", LONG, floods((byte) 'x')))
                .contains("does not speak SOCKS version 5");
        assertThat(failureBy("http://127.0.0.1:PORT", LONG, floods((byte) 'x')))
                .contains("answered CONNECT with more than 16 KiB of headers");
    }

    @ParameterizedTest
    @CsvSource({"407", "403", "503", "302"})
    void what_an_http_proxy_refuses_is_named(int status) throws IOException {
        assertThat(
                        failureBy(
                                "http://somebody:p%40ss@127.0.0.1:PORT",
                                LONG,
                                hearsHead(),
                                says("HTTP/1.1 " + status + " No\r\n\r\n"),
                                isSilent()))
                .startsWith("the proxy of the way out \"tokyo\" answered " + status);
    }

    @Test
    void a_proxy_that_cannot_be_reached_is_named_without_its_address() throws IOException {
        try (Ports.Closed closed = new Ports.Closed()) {
            Egress egress = way("socks5://127.0.0.1:" + closed.port(), false);
            assertThat(failure(ProxyException.class, egress, "imap.example", LONG))
                    .hasMessageStartingWith(
                            "the proxy of the way out \"tokyo\" cannot be reached: ")
                    .hasMessageNotContaining("127.0.0.1");
        }
        assertThat(
                        failure(
                                ProxyException.class,
                                way("socks5://no.example:1080", false),
                                "imap.example",
                                LONG))
                .hasMessageContaining("its name has no address");
    }

    private static Egress local(@Nullable String proxy, String local) {
        return new Egress(
                "second-line",
                proxy == null ? null : ProxyAddress.parse(proxy),
                Host.of(local).literal().orElseThrow(),
                false);
    }

    @Test
    void a_connection_comes_from_the_local_address() throws IOException {
        try (AddressGuard loopback = new AddressGuard(List.of("127.0.0.1"), List.of());
                ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                Socket socket =
                        new GuardedSockets(loopback)
                                .connect(
                                        "127.0.0.1",
                                        server.getLocalPort(),
                                        local(null, "127.0.0.2"),
                                        Deadline.after(LONG));
                Socket accepted = server.accept()) {
            assertThat(socket.isConnected()).isTrue();
            assertThat(accepted.getInetAddress().getHostAddress()).isEqualTo("127.0.0.2");
        }
    }

    @Test
    void a_proxy_is_reached_from_the_local_address() throws IOException {
        Step from = (proxy, client) -> proxy.heard.add(client.getInetAddress().getHostAddress());
        try (ScriptedProxy proxy =
                        new ScriptedProxy(
                                from, hears(3), sends("05 00"), hears(10), sends(OPENED));
                Socket socket =
                        connect(
                                local("socks5://127.0.0.1:" + proxy.port(), "127.0.0.3"),
                                "imap.example",
                                LONG)) {
            assertThat(socket.isConnected()).isTrue();
            assertThat(proxy.heard).contains("127.0.0.3");
        }
    }

    @Test
    void a_local_address_that_this_machine_does_not_have_is_named_as_such() {
        assertThat(failure(ProxyException.class, local(null, "192.0.2.1"), "imap.example", LONG))
                .hasMessageStartingWith(
                        "the way out \"second-line\" cannot use its local address: ");
    }

    @Test
    void a_host_without_an_address_of_the_local_kind_is_not_connected_to() {
        assertThat(failure(UnknownHostException.class, local(null, "::1"), "imap.example", LONG))
                .hasMessageContaining("second-line");
    }
}
