package dev.mailbell.cli.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose socket a key is sent to. */
class LocalListenerTest {
    private static final URI URL = URI.create("http://127.0.0.1:2177");
    private static final String HEADER =
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";

    @TempDir private Path proc;

    /** The words of an address in hexadecimal digits as the kernel prints them. */
    private static String printed(String address) {
        byte[] bytes = HexFormat.of().parseHex(address);
        if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
            for (int word = 0; word < bytes.length; word += 4) {
                byte first = bytes[word];
                byte second = bytes[word + 1];
                bytes[word] = bytes[word + 3];
                bytes[word + 1] = bytes[word + 2];
                bytes[word + 2] = second;
                bytes[word + 3] = first;
            }
        }
        return HexFormat.of().withUpperCase().formatHex(bytes);
    }

    private static String socket(String address, int port, String state, int user) {
        return "   0: %s:%04X 00000000:0000 %s 00000000:00000000 00:00000000 00000000  %d        0 1\n"
                .formatted(printed(address), port, state, user);
    }

    private void listening(String four, String six) throws IOException {
        Files.writeString(proc.resolve("tcp"), HEADER + four);
        Files.writeString(proc.resolve("tcp6"), HEADER + six);
    }

    private void require() {
        new LocalListener(new ListeningSockets(proc), Set.of(0, 990)).require(URL);
    }

    @Test
    void the_daemons_user_and_root_get_the_key() throws IOException {
        listening(socket("7f000001", 2177, "0A", 990), "");
        assertThatCode(this::require).doesNotThrowAnyException();
        listening("", socket("0".repeat(32), 2177, "0A", 0));
        assertThatCode(this::require).doesNotThrowAnyException();
    }

    @Test
    void another_users_listener_gets_no_key() throws IOException {
        for (String address : new String[] {"7f000001", "00000000"}) {
            listening(socket(address, 2177, "0A", 1001), "");
            assertThatThrownBy(this::require)
                    .isInstanceOf(ApiFailure.class)
                    .hasMessageContainingAll("user id 1001", "the key was not sent", "--url");
        }
        for (String address : new String[] {"00000000000000000000ffff7f000001", "0".repeat(32)}) {
            listening(socket("00000000", 2177, "0A", 990), socket(address, 2177, "0A", 1001));
            assertThatThrownBy(this::require).hasMessageContaining("user id 1001");
        }
    }

    @Test
    void sockets_of_other_ports_addresses_and_states_do_not_matter() throws IOException {
        listening(
                socket("7f000001", 2178, "0A", 1001)
                        + socket("7f000002", 2177, "0A", 1001)
                        + socket("7f000001", 2177, "01", 1001)
                        + socket("7f000001", 2177, "0A", 990),
                socket("00000000000000000000000000000001", 2177, "0A", 1001));
        assertThatCode(this::require).doesNotThrowAnyException();
    }

    @Test
    void where_nothing_listens_no_key_is_sent() throws IOException {
        listening("", "");
        assertThatThrownBy(this::require)
                .hasMessageContainingAll("nothing listens there", "mailbell serve");
    }

    @Test
    void where_the_system_does_not_say_the_url_must_be_given() throws IOException {
        assertThatThrownBy(this::require).hasMessageContainingAll("does not say", "--url");
        listening("   0: nonsense\n", "");
        assertThatThrownBy(this::require).hasMessageContaining("does not say");
    }

    @Test
    void tls_proves_by_itself_who_listens() {
        assertThatCode(() ->
                        new LocalListener(new ListeningSockets(proc), Set.of())
                                .require(URI.create("https://127.0.0.1:2177")))
                .doesNotThrowAnyException();
    }

    @Test
    void on_this_system_an_own_socket_is_trusted() throws IOException {
        Assumptions.assumeTrue(Files.exists(Path.of("/proc/net/tcp")));
        LocalListener listener = LocalListener.of(Optional.empty());
        URI url;
        try (ServerSocket own = new ServerSocket()) {
            own.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
            url = URI.create("http://127.0.0.1:" + own.getLocalPort());
            assertThatCode(() -> listener.require(url)).doesNotThrowAnyException();
            assertThat(
                            new ListeningSockets(Path.of("/proc/net"))
                                    .users(own.getInetAddress(), own.getLocalPort())
                                    .orElseThrow())
                    .hasSize(1);
        }
    }
}
