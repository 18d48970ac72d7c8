package dev.mailbell.api.request;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CursorTest {
    @Test
    void an_id_survives_the_round_trip() {
        UUID id = UUID.fromString("0199a3c2-7a10-7c3e-9d7e-3f1d2f1b6a55");
        assertThat(Cursor.parse(Cursor.of(id))).contains(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "INBOX", "Ä/b c%", "日本"})
    void a_name_survives_the_round_trip(String name) {
        assertThat(Cursor.ofName(name)).matches("[A-Za-z0-9_-]+");
        assertThat(Cursor.parseName(Cursor.ofName(name))).contains(name);
    }

    @Test
    void an_id_is_not_read_as_a_name_nor_a_name_as_an_id() {
        assertThat(Cursor.parseName(Cursor.of(UUID.randomUUID()))).isEmpty();
        assertThat(Cursor.parse(Cursor.ofName("sixteen letters!"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "%", "AQ", "Ag", "AgAAAAAAAAAAAAAAAAAAAAA="})
    void other_texts_are_no_cursor(String text) {
        assertThat(Cursor.parse(text)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "%", "AQ", "Ag"})
    void other_texts_are_no_cursor_of_a_name(String text) {
        assertThat(Cursor.parseName(text)).isEmpty();
    }
}
