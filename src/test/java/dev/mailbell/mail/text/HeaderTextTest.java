package dev.mailbell.mail.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Headers as senders write them, and what they mean. */
class HeaderTextTest {

    private static String decoded(String latin1) {
        return HeaderText.decoded(latin1).orElse("");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    =?UTF-8?B?5L2g5aU=?= =?UTF-8?B?vQ==?=                  | 你好
                    =?UTF-8?B?5L2g5aW9?= =?utf-8?Q?=E5?= =?UTF-8?B?pb0=?=  | 你好好
                    =?UTF-8?Q?=E4=BD?= =?UTF-8?Q?=A0?=                     | 你
                    =?UTF-8?B?5L2g5a?= =?UTF-8?B?W9?=                      | 你好
                    =?UTF-8?B?5L2g?==?UTF-8?B?5aW9?=                       | 你好
                    =?UTF-8?B?5L2g5aW9?= =?gb2312?B?xOO6ww==?=             | 你好你好
                    a =?UTF-8?Q?b?= c =?UTF-8?Q?d?=                        | a b c d
                    =?Shift_JIS?B?h0A=?=                                   | ①
                    =?ISO-2022-JP?B?GyRCLSEbKEI=?=                         | ①
                    =?EUC-JP?Q?=AD=A1?=                                    | ①
                    =?ks_c_5601-1987?B?jGM=?=                              | 똠
                    =?EUC-KR?Q?=8Cc?=                                      | 똠
                    =?gb2312?Q?=E9=46?=                                    | 镕
                    =?big5?Q?=F9=D6?=                                      | 碁
                    =?iso-8859-1?Q?=93quoted=94_=80?=                      | “quoted” €
                    =?UTF-8?Q?Hello big world?=                            | Hello big world
                    =?UTF-8?Q?What?_=C3=A4h=?=                             | What? äh=
                    =?UTF-7?Q?+AOQ-h_1_+-_2?=                              | äh 1 + 2
                    =?unicode-1-1-utf-7?Q?Hi_Mom_+Jjo-!?=                  | Hi Mom ☺!
                    =?UTF-8*EN?Q?=C3=A4?=                                  | ä
                    =?us-ascii?Q?=C3=A4?=                                  | ä
                    =?x-none?q?a?= =?utf-8?q?b?=                           | =?x-none?q?a?=b
                    =?utf-8?x?a?= =? =?utf-8?b?                            | =?utf-8?x?a?= =? =?utf-8?b?
                    =?utf-8?b?a?= =?utf-8?b??=!                            | !
                    """)
    void a_header_reads_as_its_sender_meant(String header, String text) {
        assertThat(decoded(header)).isEqualTo(text);
    }

    @Test
    void octets_beside_encoded_words_are_decoded_too() {
        String octets =
                new String("grün ".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        assertThat(decoded(octets + "=?utf-8?q?=C3=BC?=\r\n =?utf-8?q?ber?="))
                .isEqualTo("grün über");
    }

    @Test
    void text_that_is_cut_into_words_at_any_octet_is_joined_again() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String text = "Grüße 你好 ①똠 😀 end";
        for (int i = 0; i < 500; i++) {
            byte[] octets = text.getBytes(StandardCharsets.UTF_8);
            StringBuilder header = new StringBuilder();
            for (int at = 0; at < octets.length; ) {
                int length = Math.min(1 + random.nextInt(12), octets.length - at);
                String latin1 = new String(octets, at, length, StandardCharsets.ISO_8859_1);
                header.append(random.nextBoolean() ? base64(latin1) : quoted(latin1))
                        .append(random.nextBoolean() ? " " : "\r\n\t");
                at += length;
            }
            assertThat(decoded(header.toString())).as("seed %d", seed).isEqualTo(text);
        }
    }

    private static String base64(String latin1) {
        byte[] octets = latin1.getBytes(StandardCharsets.ISO_8859_1);
        return "=?UTF-8?B?" + Base64.getEncoder().encodeToString(octets) + "?=";
    }

    private static String quoted(String latin1) {
        StringBuilder word = new StringBuilder("=?utf-8?Q?");
        latin1.chars().forEach(octet -> word.append("=%02X".formatted(octet)));
        return word.append("?=").toString();
    }

    @Test
    void any_octets_are_decoded_in_time() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String alphabet = "=?utf-8?bq?= \r\n+-_\u00e4\u00ff09Az";
        for (int i = 0; i < 5_000; i++) {
            StringBuilder header = new StringBuilder();
            for (int j = random.nextInt(80); j >= 0; j--) {
                header.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            assertThat(decoded(header.toString())).as("seed %d", seed).hasSizeLessThan(1_000);
        }
        assertThat(decoded("=?utf-8?q?".repeat(100_000))).hasSizeLessThan(1_000);
        assertThat(decoded("=?utf-8?q?".repeat(100_000) + "?=")).hasSizeLessThan(1_000);
    }

    @Test
    void every_charset_that_java_knows_is_known() {
        assertThat(decoded("=?koi8-r?B?8NLJ18XU?=")).isEqualTo("Привет");
        assertThat(decoded("=?ISO-8859-2?Q?=A3=F3d=BC?=")).isEqualTo("Łódź");
    }
}
