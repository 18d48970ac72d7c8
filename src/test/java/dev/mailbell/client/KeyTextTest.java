package dev.mailbell.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KeyTextTest {
    @Test
    void a_key_has_192_random_bits_and_a_checksum() {
        Set<String> keys = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            String text = KeyText.random().reveal();
            assertThat(text).matches("mbk_[A-Za-z0-9_-]{38}");
            keys.add(text);
        }
        assertThat(keys).hasSize(100);
    }

    @Test
    void a_key_is_read_again_and_has_the_same_hash() {
        KeyText key = KeyText.random();
        assertThat(KeyText.parse(key.reveal()).orElseThrow().hash()).isEqualTo(key.hash());
        assertThat(key.hash()).hasSize(32);
    }

    @Test
    void every_mistyped_character_is_found() {
        String text = KeyText.random().reveal();
        for (int i = 0; i < text.length(); i++) {
            for (char other : "aZ0-_.".toCharArray()) {
                if (other != text.charAt(i)) {
                    String mistyped = text.substring(0, i) + other + text.substring(i + 1);
                    assertThat(KeyText.parse(mistyped)).as("%d: %c", i, other).isEmpty();
                }
            }
        }
        assertThat(KeyText.parse(text.substring(1))).isEmpty();
        assertThat(KeyText.parse(text + "A")).isEmpty();
        assertThat(KeyText.parse("")).isEmpty();
        assertThat(KeyText.parse("mbk_" + "é".repeat(38))).isEmpty();
    }

    @Test
    void a_key_is_printed_by_its_beginning_alone() {
        KeyText key = KeyText.random();
        assertThat(key.toString()).isEqualTo(key.reveal().substring(0, 10) + "…");
        assertThat(key.shown()).hasSize(10);
    }
}
