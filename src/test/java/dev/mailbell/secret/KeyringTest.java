package dev.mailbell.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyringTest {
    private static final String ROW = "account/1/credential";
    private static final Secret PASSWORD = Secret.of("pässword 1");

    @TempDir private Path directory;

    private Path file() {
        return directory.resolve("keys").resolve("keyset.json");
    }

    @Test
    void a_later_start_decrypts_earlier_values() {
        byte[] sealed = Keyring.open(file()).encrypt(PASSWORD, ROW);
        assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("ssword");
        assertThat(Keyring.open(file()).decrypt(sealed, ROW).reveal()).isEqualTo("pässword 1");
    }

    @Test
    void the_same_secret_is_never_encrypted_to_the_same_bytes() {
        Keyring keyring = Keyring.open(file());
        assertThat(keyring.encrypt(PASSWORD, ROW)).isNotEqualTo(keyring.encrypt(PASSWORD, ROW));
    }

    @Test
    void a_value_moved_to_another_row_or_changed_does_not_decrypt() {
        Keyring keyring = Keyring.open(file());
        byte[] sealed = keyring.encrypt(PASSWORD, ROW);
        assertThatThrownBy(() -> keyring.decrypt(sealed, "account/2/credential"))
                .isInstanceOf(KeyringException.class)
                .hasMessageContaining(file().toString())
                .hasMessageContaining("account/2/credential");
        for (int i = 0; i < sealed.length; i++) {
            byte[] changed = sealed.clone();
            changed[i] ^= 1;
            assertThatThrownBy(() -> keyring.decrypt(changed, ROW))
                    .isInstanceOf(KeyringException.class);
        }
        assertThatThrownBy(() -> keyring.decrypt(new byte[0], ROW))
                .isInstanceOf(KeyringException.class);
    }

    @Test
    void a_new_keyset_is_for_its_owner_alone_and_leaves_nothing_beside_it() throws Exception {
        Keyring.open(file());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-------");
        try (Stream<Path> files = Files.list(directory.resolve("keys"))) {
            assertThat(files).containsExactly(file());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw-rw-rw-", "rw--w----"})
    void a_keyset_open_to_others_is_refused_with_the_chmod_command(String mode) throws IOException {
        Keyring.open(file());
        Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString(mode));
        assertThatThrownBy(() -> Keyring.open(file()))
                .isInstanceOf(KeyringException.class)
                .hasMessageContaining("chmod 600 " + file());
    }

    @Test
    void a_read_only_keyset_is_accepted() throws IOException {
        Keyring.open(file());
        Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("r--------"));
        assertThat(Keyring.open(file()).keys()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{\"primaryKeyId\": 1, \"key\": []}", "hunter2", "[1"})
    void a_damaged_keyset_is_refused_and_neither_replaced_nor_quoted(String content)
            throws IOException {
        Keyring.open(file());
        Files.writeString(file(), content);
        assertThatThrownBy(() -> Keyring.open(file()))
                .isInstanceOf(KeyringException.class)
                .hasMessageContaining(file() + " is damaged")
                .hasMessageNotContaining("hunter2")
                .hasNoCause();
        assertThat(file()).hasContent(content);
    }

    @Test
    void half_a_keyset_is_damaged() throws IOException {
        Keyring.open(file());
        String whole = Files.readString(file());
        Files.writeString(file(), whole.substring(0, whole.length() / 2));
        assertThatThrownBy(() -> Keyring.open(file())).hasMessageContaining("damaged");
    }

    @Test
    void a_keyset_that_must_exist_is_not_created() {
        assertThatThrownBy(() -> Keyring.openExisting(file()))
                .isInstanceOf(KeyringException.class)
                .hasMessageContaining("there is no keyset at " + file());
        assertThat(file()).doesNotExist();
    }

    @Test
    void after_a_rotation_the_new_key_encrypts_and_the_old_one_still_reads() {
        Keyring keyring = Keyring.open(file());
        byte[] before = keyring.encrypt(PASSWORD, ROW);
        KeyInfo old = keyring.keys().getFirst();
        keyring.rotate();
        byte[] after = keyring.encrypt(PASSWORD, ROW);

        Keyring later = Keyring.open(file());
        assertThat(later.decrypt(before, ROW)).isEqualTo(PASSWORD);
        assertThat(later.decrypt(after, ROW)).isEqualTo(PASSWORD);
        assertThat(later.keys()).hasSize(2);
        assertThat(later.keys().getFirst())
                .isEqualTo(new KeyInfo(old.id(), false, old.fingerprint()));
        assertThat(later.keys().getLast().primary()).isTrue();
        assertThat(HexFormat.of().formatHex(after, 1, 5)).isEqualTo(later.keys().getLast().id());
        assertThat(Keyring.keyIdOf(before)).contains(old.id());
        assertThat(Keyring.keyIdOf(after)).contains(later.primary());
    }

    @Test
    void a_running_node_reads_what_another_encrypted_with_a_newer_key() {
        Keyring running = Keyring.open(file());
        Keyring other = Keyring.open(file());
        other.rotate();
        byte[] sealed = other.encrypt(PASSWORD, ROW);
        assertThat(running.keys()).hasSize(1);
        assertThat(running.decrypt(sealed, ROW)).isEqualTo(PASSWORD);
        assertThat(running.keys()).hasSize(2);
    }

    @Test
    void successive_rotations_lose_no_key() {
        Keyring one = Keyring.open(file());
        Keyring two = Keyring.open(file());
        one.rotate();
        byte[] sealed = one.encrypt(PASSWORD, ROW);
        two.rotate();
        assertThat(Keyring.open(file()).decrypt(sealed, ROW)).isEqualTo(PASSWORD);
        assertThat(Keyring.open(file()).keys()).hasSize(3);
    }

    @Test
    void concurrent_starts_use_one_keyset() throws Exception {
        List<Future<Keyring>> starts = new ArrayList<>();
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 8; i++) {
                starts.add(threads.submit((Callable<Keyring>) () -> Keyring.open(file())));
            }
        }
        List<KeyInfo> keys = Keyring.open(file()).keys();
        for (Future<Keyring> start : starts) {
            assertThat(start.get().keys()).isEqualTo(keys);
        }
    }

    @Test
    void a_running_node_encrypts_with_a_new_key_after_it_was_registered() {
        Keyring running = Keyring.open(file());
        Keyring.open(file()).rotate();
        assertThatThrownBy(() ->
                        running.refresh(keys -> {
                            throw new IllegalStateException("the database is away");
                        }))
                .hasMessage("the database is away");
        assertThat(running.keys()).hasSize(1);

        List<KeyInfo> registered = new ArrayList<>();
        running.refresh(registered::addAll);
        assertThat(registered).isEqualTo(running.keys()).hasSize(2);
        assertThat(Keyring.keyIdOf(running.encrypt(PASSWORD, ROW))).contains(running.primary());
        running.refresh(keys -> {
            throw new IllegalStateException("nothing changed");
        });
    }

    @Test
    void a_removed_key_still_reads_what_the_process_has_in_memory() {
        Keyring running = Keyring.open(file());
        byte[] sealed = running.encrypt(PASSWORD, ROW);
        String old = running.primary();
        Keyring other = Keyring.open(file());
        other.rotate();
        other.remove(Set.of(old));
        running.refresh(keys -> {});

        assertThat(running.keys()).hasSize(1);
        assertThat(running.decrypt(sealed, ROW)).isEqualTo(PASSWORD);
        assertThat(Keyring.keyIdOf(running.encrypt(PASSWORD, ROW))).contains(other.primary());
        assertThatThrownBy(() -> Keyring.open(file()).decrypt(sealed, ROW))
                .isInstanceOf(KeyringException.class);
    }

    @Test
    void the_key_that_encrypts_is_not_removed() {
        Keyring keyring = Keyring.open(file());
        assertThatThrownBy(() -> keyring.remove(Set.of(keyring.primary())))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Keyring.open(file()).keys()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_keyset_in_the_environment_is_used_and_creates_no_file(boolean base64)
            throws IOException {
        Keyring inFile = Keyring.open(file());
        byte[] sealed = inFile.encrypt(PASSWORD, ROW);
        String variable = variable(base64);
        Files.delete(file());
        Keyring keyring = Keyring.open(new KeysetPlace(file(), variable));

        assertThat(keyring.decrypt(sealed, ROW)).isEqualTo(PASSWORD);
        assertThat(file()).doesNotExist();
        assertThat(keyring).hasToString("keyset MAILBELL_KEYSET");
    }

    private String variable(boolean base64) throws IOException {
        String json = Files.readString(file());
        return base64
                ? Base64.getMimeEncoder().encodeToString(json.getBytes(StandardCharsets.UTF_8))
                : " " + json + "\n";
    }

    @Test
    void file_and_environment_must_not_differ() throws IOException {
        Keyring.open(file());
        String variable = variable(false);
        KeysetPlace both = new KeysetPlace(file(), variable);
        assertThat(Keyring.open(both).keys()).hasSize(1);
        Keyring rotated = Keyring.open(file());
        rotated.rotate();
        assertThatThrownBy(() -> Keyring.open(both))
                .isInstanceOf(KeyringException.class)
                .hasMessageContaining("MAILBELL_KEYSET")
                .hasMessageContaining(file().toString())
                .hasMessageContaining(rotated.primary())
                .hasMessageContaining("differ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hunter2", "{\"hunter2\": 1}", "aHVudGVyMg=="})
    void a_damaged_variable_is_refused_and_not_quoted(String variable) {
        assertThatThrownBy(() -> Keyring.open(new KeysetPlace(file(), variable)))
                .isInstanceOf(KeyringException.class)
                .hasMessageContaining("keyset MAILBELL_KEYSET is damaged")
                .hasMessageNotContaining("hunter2")
                .hasNoCause();
        assertThat(file()).doesNotExist();
    }

    @Test
    void a_keyset_in_the_environment_rotates_into_a_file() throws IOException {
        Keyring.open(file());
        String variable = variable(true);
        Files.delete(file());
        Keyring keyring = Keyring.open(new KeysetPlace(file(), variable));
        assertThatThrownBy(keyring::rotate)
                .isInstanceOf(KeyringException.class)
                .hasMessageContaining("keyset rotate --to FILE")
                .hasMessageContaining("MAILBELL_KEYSET");
        Path rotated = directory.resolve("rotated.json");
        keyring.writeRotated(rotated);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(rotated)))
                .isEqualTo("rw-------");
        List<KeyInfo> keys = Keyring.openExisting(rotated).keys();
        assertThat(keys).hasSize(2);
        assertThat(keys.getFirst().id()).isEqualTo(keyring.primary());
        assertThat(keys.getFirst().primary()).isFalse();
        assertThatThrownBy(() -> keyring.writeRotated(rotated)).hasMessageContaining("exists");
        assertThat(file()).doesNotExist();
    }

    @Test
    void a_secret_does_not_print_its_text() {
        assertThat(PASSWORD).hasToString("[secret]");
        assertThat(PASSWORD).isEqualTo(Secret.of("pässword 1")).isNotEqualTo(Secret.of("other"));
    }
}
