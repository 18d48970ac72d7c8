package dev.mailbell.cli.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.cli.Cli;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysCommandTest {
    @TempDir private Path directory;

    private final Cli cli = Cli.of("http://127.0.0.1:9", "unused");

    @Test
    void a_keyset_is_created_for_its_owner_alone_and_overwrites_nothing() throws Exception {
        Path file = directory.resolve("new/keyset.json");
        assertThat(cli.ok("keyset", "create", "--to", file.toString()))
                .contains("keyset " + file + " is made. Back it up.");
        assertThat(Files.getPosixFilePermissions(file))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
        String made = Files.readString(file);
        assertThat(made).contains("primaryKeyId");

        assertThat(cli.run("keyset", "create", "--to", file.toString()).expect(1).err())
                .contains(file + " exists: name another file");
        assertThat(file).hasContent(made);

        Path other = Files.writeString(directory.resolve("notes.txt"), "not a keyset");
        cli.run("keyset", "create", "--to", other.toString()).expect(1);
        assertThat(other).hasContent("not a keyset");
        assertThat(file.getParent()).isDirectoryContaining(path -> path.equals(file));
    }
}
