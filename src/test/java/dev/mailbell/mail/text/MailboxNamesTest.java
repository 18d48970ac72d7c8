package dev.mailbell.mail.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MailboxNamesTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    Dan at Real Python      | Dan at Real Python
                    垃圾邮件                    | &V4NXPpCuTvY-
                    商讯信息                    | &VUaLr0,hYG8-
                    草稿箱 & more             | &g0l6P3ux- &- more
                    ~peter/mail/台北/日本語    | ~peter/mail/&U,BTFw-/&ZeVnLIqe-
                    a"b\\c                  | a"b\\c
                    """)
    void names_go_both_ways(String name, String raw) {
        assertThat(MailboxNames.encode(name)).isEqualTo(raw);
        assertThat(MailboxNames.decode(raw)).isEqualTo(name);
    }

    @Test
    void inbox_has_no_case() {
        assertThat(MailboxNames.encode("iNbOx")).isEqualTo("INBOX");
        assertThat(MailboxNames.decode("inbox")).isEqualTo("INBOX");
    }

    @Test
    void a_name_that_is_not_encoded_is_left_as_it_is() {
        assertThat(MailboxNames.decode("R&D")).isEqualTo("R&D");
        assertThat(MailboxNames.decode("&####-")).isEqualTo("&####-");
        assertThat(MailboxNames.decode("&")).isEqualTo("&");
        assertThat(MailboxNames.decode("&AGE-")).isEqualTo("&AGE-");
    }

    @Test
    void random_names_go_both_ways_in_printable_ascii() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            StringBuilder name = new StringBuilder();
            for (int j = random.nextInt(12); j >= 0; j--) {
                int limit = random.nextBoolean() ? 128 : Character.MAX_CODE_POINT + 1;
                int point = random.nextInt(limit);
                boolean surrogate =
                        point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
                name.appendCodePoint(surrogate ? '&' : point);
            }
            String raw = MailboxNames.encode(name.toString());
            assertThat(raw).as("seed %d", seed).matches("[ -~]*");
            assertThat(MailboxNames.decode(raw)).as("seed %d", seed).isEqualTo(name.toString());
        }
    }
}
