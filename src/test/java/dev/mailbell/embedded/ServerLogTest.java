package dev.mailbell.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerLogTest {
    @TempDir Path directory;

    @Test
    void a_log_that_has_grown_too_long_is_emptied() throws IOException {
        Path file = directory.resolve("server.log");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(8 << 20);
        }
        ServerLog log = new ServerLog(file);
        log.limitLength();
        assertThat(log.length()).isEqualTo(8 << 20);

        Files.write(file, new byte[1], java.nio.file.StandardOpenOption.APPEND);
        log.limitLength();
        assertThat(log.length()).isZero();
    }

    @Test
    void a_link_in_the_place_of_the_log_is_not_followed() throws IOException {
        Path precious = directory.resolve("precious");
        try (RandomAccessFile sparse = new RandomAccessFile(precious.toFile(), "rw")) {
            sparse.setLength(9 << 20);
        }
        ServerLog log =
                new ServerLog(Files.createSymbolicLink(directory.resolve("server.log"), precious));
        log.limitLength();
        assertThat(Files.size(precious)).isEqualTo(9 << 20);
        assertThat(log.since(0)).contains("cannot be read");
    }

    @Test
    void only_the_end_of_the_log_since_a_position_is_returned() throws IOException {
        Path file = directory.resolve("server.log");
        Files.writeString(file, "old\nnew\n");
        assertThat(new ServerLog(file).since(4)).isEqualTo("new");
        Files.writeString(file, "x".repeat(5000) + "end");
        assertThat(new ServerLog(file).since(0)).hasSize(2048).endsWith("end");
    }
}
