package dev.mailbell.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysetFileTest {
    @TempDir private Path directory;
    private Path path;
    private KeysetFile file;

    @BeforeEach
    void setUp() {
        path = directory.resolve("keys/keyset.json");
        file = new KeysetFile(path);
    }

    @Test
    void a_created_file_and_its_directory_are_for_the_owner_alone() throws IOException {
        file.create("one");
        assertThat(file.read()).isEqualTo("one");
        assertThat(Files.getPosixFilePermissions(path))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(Files.getPosixFilePermissions(path.getParent()))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void a_file_that_exists_is_not_created_again() {
        file.create("one");
        file.create("two");
        assertThat(file.read()).isEqualTo("one");
    }

    @Test
    void a_change_replaces_the_file_and_leaves_no_temporary_file() throws IOException {
        file.create("one");
        file.exclusively(() -> file.replace("two"));
        assertThat(file.read()).isEqualTo("two");
        try (Stream<Path> files = Files.list(path.getParent())) {
            assertThat(files)
                    .containsExactlyInAnyOrder(path, path.resolveSibling("keyset.json.lock"));
        }
    }

    @Test
    void a_change_that_fails_leaves_the_file_as_it_was() {
        file.create("one");
        assertThatExceptionOfType(KeyringException.class)
                .isThrownBy(() ->
                        file.exclusively(() -> {
                            throw new IOException("on purpose");
                        }))
                .withMessageContaining("cannot be changed")
                .withMessageContaining("on purpose");
        assertThat(file.read()).isEqualTo("one");
    }

    @Test
    void an_absent_a_large_and_a_public_file_are_refused() throws IOException {
        assertThatExceptionOfType(KeyringException.class)
                .isThrownBy(file::read)
                .withMessageContaining("there is no keyset at " + path);
        file.create("x".repeat((1 << 20) + 1));
        assertThatExceptionOfType(KeyringException.class)
                .isThrownBy(file::read)
                .withMessageContaining("is larger than 1 MiB");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
        assertThatExceptionOfType(KeyringException.class)
                .isThrownBy(file::read)
                .withMessageContaining("chmod 600 " + path);
    }
}
