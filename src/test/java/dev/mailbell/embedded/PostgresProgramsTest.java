package dev.mailbell.embedded;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresProgramsTest {
    @TempDir Path directory;

    @Test
    void a_daemon_whose_programs_are_unpacked_loads_no_class_of_the_sealed_jar()
            throws IOException {
        String file = PostgresPrograms.class.getSimpleName() + ".class";
        try (InputStream in = PostgresPrograms.class.getResourceAsStream(file)) {
            assertThat(new String(requireNonNull(in).readAllBytes(), StandardCharsets.ISO_8859_1))
                    .contains("unpackXz")
                    .doesNotContain("org/tukaani");
        }
    }

    @Test
    void incompletely_unpacked_programs_are_unpacked_again_and_then_kept() throws IOException {
        Path half = directory.resolve("postgresql-" + PostgresPrograms.VERSION + ".new-1/bin");
        Files.createDirectories(half);
        Files.writeString(half.resolve("postgres"), "");

        PostgresPrograms programs = PostgresPrograms.unpackedIn(directory);

        ProcessRunner.Outcome version =
                ProcessRunner.run(
                        List.of(programs.program("postgres"), "--version"), Duration.ofMinutes(3));
        assertThat(version.output()).contains("PostgreSQL) " + PostgresPrograms.MAJOR);
        assertThat(half).doesNotExist();

        Path home = directory.resolve("postgresql-" + PostgresPrograms.VERSION);
        Path library = home.resolve("lib/libpq.so.5");
        Object untouched = Files.getLastModifiedTime(library);
        assertThat(PostgresPrograms.unpackedIn(directory).home()).isEqualTo(home);
        assertThat(Files.getLastModifiedTime(library)).isEqualTo(untouched);
    }

    @Test
    void the_archive_is_named_after_the_machine() {
        assertThat(PostgresPrograms.archive("Linux", "amd64"))
                .isEqualTo("postgres-linux-x86_64.txz");
        assertThat(PostgresPrograms.archive("Linux", "aarch64"))
                .isEqualTo("postgres-linux-arm_64.txz");
        assertThat(PostgresPrograms.archive("Mac OS X", "aarch64"))
                .isEqualTo("postgres-darwin-arm_64.txz");
    }

    @Test
    void an_archive_that_leads_out_of_its_directory_is_refused() {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> unpack(entry("../evil", '0', "", 0)))
                .withMessageContaining("leads out");
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> unpack(entry("lib/link", '2', "../../evil", 0)))
                .withMessageContaining("links out");
    }

    @Test
    void an_archive_that_ends_too_early_is_refused() {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> unpack(entry("short", '0', "", 1000)))
                .withMessageContaining("Truncated");
    }

    @Test
    void an_archive_that_leads_out_by_a_chain_of_links_is_refused() throws IOException {
        Path target = Files.createDirectory(directory.resolve("target"));
        byte[] archive =
                archive(
                        // Up to the target, and from there up once more, though it reads "a/evil".
                        entry("a/up", '2', "..", 0),
                        entry("out", '2', "a/up/..", 0),
                        entry("out/evil", '0', "", 0));
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> Tar.unpack(new ByteArrayInputStream(archive), target))
                .withMessageContaining("by a link: out/evil");
        assertThat(directory.resolve("evil")).doesNotExist();
    }

    @Test
    void a_file_in_the_place_of_a_link_is_refused() throws IOException {
        byte[] archive = archive(entry("link", '2', "file", 0), entry("link", '0', "", 0));
        assertThatExceptionOfType(FileAlreadyExistsException.class)
                .isThrownBy(() -> unpack(archive));
        assertThat(directory.resolve("file")).doesNotExist();
    }

    @Test
    void hard_links_and_names_beyond_255_characters_are_refused() {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> unpack(entry("hard", '1', "bin/postgres", 0)))
                .withMessageContaining("unknown kind");
        byte[] name = "n".repeat(256).getBytes(StandardCharsets.US_ASCII);
        byte[] content = Arrays.copyOf(name, 512);
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() ->
                        unpack(
                                archive(
                                        entry("././@LongLink", 'L', "", name.length),
                                        content,
                                        entry("short", '0', "", 0))))
                .withMessageContaining("a name of 256 characters");
    }

    @Test
    void devices_are_refused() {
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> unpack(entry("device", '3', "", 0)))
                .withMessageContaining("unknown kind");
    }

    private void unpack(byte[] archive) throws IOException {
        Tar.unpack(new ByteArrayInputStream(archive), directory);
    }

    private static byte[] archive(byte[]... parts) {
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            archive.writeBytes(part);
        }
        return archive.toByteArray();
    }

    private static byte[] entry(String name, char kind, String link, int size) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 100, "0000644");
        put(header, 124, String.format("%011o", size));
        header[156] = (byte) kind;
        put(header, 157, link);
        return header;
    }

    private static void put(byte[] header, int offset, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, offset, bytes.length);
    }
}
