package dev.mailbell.mail.pop3.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.connection.LimitedSocket;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.mail.scripted.LoopbackServer;
import dev.mailbell.network.Deadline;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LineBufferTest {
    private static final int LIMIT = 40;

    /** Only a failing test reaches it. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Uses a buffer of the octets that a server sends in pieces of random length. */
    private static void reading(String text, Random random, Use use) throws IOException {
        byte[] octets = text.getBytes(StandardCharsets.ISO_8859_1);
        try (Loopback loopback = new Loopback();
                LoopbackServer server =
                        new LoopbackServer(
                                "lines",
                                socket -> {
                                    for (int at = 0; at < octets.length; ) {
                                        int count =
                                                Math.min(
                                                        octets.length - at, 1 + random.nextInt(60));
                                        socket.getOutputStream().write(octets, at, count);
                                        at += count;
                                    }
                                });
                LimitedSocket socket =
                        loopback.connector()
                                .open(login(server.port()), Deadline.after(PATIENCE), 1 << 20)) {
            use.accept(new LineBuffer(socket, LIMIT));
        }
    }

    private static Login login(int port) {
        return new Login(
                Protocol.POP3,
                "127.0.0.1",
                port,
                Security.NONE,
                "ann",
                new Credential.Password("secret"),
                true,
                null);
    }

    private interface Use {
        void accept(LineBuffer lines) throws IOException;
    }

    @Test
    void lines_are_split_and_long_ones_truncated_however_the_octets_arrive() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            String line = "x".repeat(random.nextInt(3 * LIMIT / 2)) + i;
            text.append(line).append(random.nextBoolean() ? "\r\n" : "\n");
            expected.add(line);
        }
        reading(
                text.toString(),
                random,
                lines -> {
                    for (String line : expected) {
                        assertThat(lines.read(false)).isTrue();
                        String read = lines.text(0);
                        assertThat(line).as("seed %d", seed).startsWith(read);
                        assertThat(read.length())
                                .as("seed %d", seed)
                                .isGreaterThanOrEqualTo(Math.min(LIMIT, line.length()));
                        if (random.nextInt(5) == 0) {
                            lines.unread();
                            assertThat(lines.isReadable()).isTrue();
                            assertThat(lines.read(false)).isTrue();
                            assertThat(lines.text(0)).as("seed %d", seed).isEqualTo(read);
                        }
                    }
                    assertThatThrownBy(() -> lines.read(false)).isInstanceOf(EOFException.class);
                });
    }

    @Test
    void a_strict_read_refuses_a_line_beyond_the_limit() throws IOException {
        reading(
                "ok\r\n" + "x".repeat(LIMIT + 2) + "\r\n",
                new Random(1),
                lines -> {
                    assertThat(lines.read(true)).isTrue();
                    assertThat(lines.read(true)).isFalse();
                });
    }

    @Test
    void the_final_dot_and_stuffed_dots_are_recognised() throws IOException {
        reading(
                ". \r\n..a\r\n  +OK there\r\n",
                new Random(1),
                lines -> {
                    assertThat(lines.read(true)).isTrue();
                    assertThat(lines.isEndOfAnswer()).isTrue();
                    assertThat(lines.read(true)).isTrue();
                    assertThat(lines.isEndOfAnswer()).isFalse();
                    lines.unstuff();
                    assertThat(lines.text(0)).isEqualTo(".a");
                    assertThat(lines.read(true)).isTrue();
                    assertThat(lines.startsWith("+ok")).isTrue();
                    assertThat(lines.indent()).isEqualTo(2);
                });
    }
}
