package dev.mailbell.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class PrintableTest {
    private static final JsonMapper JSON = new JsonMapper();

    @Test
    void control_characters_are_shown_escaped() {
        assertThat(Printable.of("plain Grüße 你好 👋")).isEqualTo("plain Grüße 你好 👋");
        assertThat(Printable.of("\u001b]0;title\u0007\u001b[2J"))
                .isEqualTo("\\u001b]0;title\\u0007\\u001b[2J");
        assertThat(Printable.of("\u009b31m\u007f")).isEqualTo("\\u009b31m\\u007f");
        assertThat(Printable.of("a\nb\tc\rd")).isEqualTo("a\\nb\\tc\\rd");
        assertThat(Printable.of("invoice\u202efdp.exe\u2028\u200b"))
                .isEqualTo("invoice\\u202efdp.exe\\u2028\\u200b");
        assertThat(Printable.of("half \ud83d")).isEqualTo("half \\ud83d");
    }

    @Test
    void json_stays_the_same_json_and_has_no_such_character() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(20); length > 0; length--) {
                int character =
                        random.nextInt(4) == 0 ? random.nextInt(256) : random.nextInt(0x11000);
                if (character < 0xd800 || character > 0xdfff) {
                    text.appendCodePoint(character);
                }
            }
            String json = JSON.writeValueAsString(text.toString());
            String shown = Printable.json(json);
            assertThat(JSON.readValue(shown, String.class))
                    .as("seed %d", seed)
                    .isEqualTo(text.toString());
            assertThat(Printable.of(shown)).as("seed %d", seed).isEqualTo(shown);
        }
    }
}
