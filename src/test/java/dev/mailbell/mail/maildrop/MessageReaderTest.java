package dev.mailbell.mail.maildrop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageReaderTest {
    @TempDir private Path directory;

    private ShownMessage read(String message) throws IOException {
        return read(message.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1), false);
    }

    private ShownMessage read(byte[] message, boolean save) throws IOException {
        Path file = Files.write(directory.resolve("message.eml"), message);
        Path saved = Files.createDirectories(directory.resolve("saved"));
        return MessageReader.read(file, save ? new AttachmentSaver(saved) : null);
    }

    private static String text(ShownMessage message) {
        return message.text().strip();
    }

    @Test
    void headers_are_decoded_and_stripped_of_control_characters() throws IOException {
        ShownMessage message =
                read(
                        """
                        From: =?utf-8?q?J=C3=BCrgen?= <j@x.example>
                        Subject: =?gb2312?B?xOO6ww==?= =?utf-8?q?=1B]0;evil=07?=
                         folded
                        Date: Fri, 20 Nov 2026 10:00:00 +0000

                        Hello.
                        """);
        assertThat(message.headers())
                .extracting(ShownMessage.Header::value)
                .containsExactly(
                        "Jürgen <j@x.example>",
                        "Fri, 20 Nov 2026 10:00:00 +0000",
                        "你好 ]0;evil folded");
        assertThat(text(message)).isEqualTo("Hello.");
    }

    @ParameterizedTest
    @CsvSource({
        "gb2312, GB18030, 你好世界",
        "gbk, GBK, 你好世界",
        "big5, Big5, 你好世界",
        "iso-2022-jp, ISO-2022-JP, こんにちは",
        "shift_jis, Shift_JIS, こんにちは",
        "ks_c_5601-1987, EUC-KR, 안녕하세요",
        "koi8-r, KOI8-R, Привет",
        "windows-1252, windows-1252, Grüße €",
        "utf-16, UTF-16, Grüße",
        "'\"utf-8\"', UTF-8, Grüße 😀",
        "unknown-8bit, UTF-8, Grüße",
        "x-nonsense, GBK, 你好世界再见朋友",
        "utf-8, GBK, 你好世界再见朋友",
        "us-ascii, UTF-8, Grüße",
        "'', UTF-8, Grüße",
    })
    void text_is_decoded_by_its_label_or_by_what_it_is(
            String label, String charset, String expected) throws IOException {
        byte[] head =
                ("Content-Type: text/plain; charset=" + label + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII);
        byte[] body = expected.getBytes(Charset.forName(charset));
        byte[] message = new byte[head.length + body.length];
        System.arraycopy(head, 0, message, 0, head.length);
        System.arraycopy(body, 0, message, head.length, body.length);
        assertThat(text(read(message, false))).isEqualTo(expected);
    }

    @Test
    void the_plain_text_of_alternatives_is_shown_and_html_where_it_is_alone() throws IOException {
        String alternatives =
                """
                Content-Type: multipart/alternative; boundary=b

                --b
                Content-Type: text/plain

                %s
                --b
                Content-Type: text/html; charset=utf-8

                <html><head><title>no</title><style>p {}</style></head><body><h1>Hello</h1>
                <script>alert(1)</script><p>one &amp; <a href="https://x.example/">two</a><br>three</p>
                <ul><li>four<li>five</ul></body></html>
                --b--
                """;
        assertThat(text(read(alternatives.formatted("plain")))).isEqualTo("plain");
        assertThat(text(read(alternatives.formatted(" "))))
                .isEqualTo("Hello\none & two <https://x.example/>\nthree\n\n* four\n* five");
    }

    @Test
    void attachments_are_decoded_and_saved_under_their_names() throws IOException {
        String message =
                """
                Content-Type: multipart/mixed; boundary="=_x"

                preamble
                --=_x
                Content-Type: text/plain

                text
                --=_x
                Content-Type: application/pdf; name="ignored.pdf"
                Content-Disposition: attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe.pdf
                Content-Transfer-Encoding: base64

                SGVs*bG8=
                --=_x
                Content-Type: application/octet-stream; name="=?utf-8?B?R3LDtsOfZS50eHQ=?="
                Content-Transfer-Encoding: quoted-printable

                a=3Db=
                c
                --=_x
                Content-Type: message/rfc822

                Subject: inner

                inner text
                --=_x--
                """;
        ShownMessage shown =
                read(message.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1), true);
        assertThat(text(shown)).isEqualTo("text\n---- message ----\nSubject: inner\n\ninner text");
        assertThat(shown.attachments())
                .extracting(ShownMessage.Attachment::name)
                .containsExactly("Größe.pdf", "Größe.txt");
        Path saved = directory.resolve("saved");
        assertThat(saved.resolve("Größe.pdf")).hasContent("Hello");
        assertThat(Files.readString(saved.resolve("Größe.txt")).strip()).isEqualTo("a=bc");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../../etc/passwd",
                "/etc/passwd",
                "..\\..\\boot.ini",
                "..",
                ".",
                "",
                ".bashrc",
                "a\u0000b.txt",
                "con.txt",
                "\u202egpj.exe",
                "-rf",
                "x/../../y",
                "a;rm -rf $HOME.txt",
                "........................................",
                "=?utf-8?q?=2E=2E=2Fx?="
            })
    void no_name_leads_out_of_the_directory(String name) throws IOException {
        String safe = FileNames.safe(name, "part-1.bin");
        assertThat(safe)
                .isNotEmpty()
                .doesNotContain("/", "\\", "..", "\u0000", "\u202e", ";", "$")
                .doesNotStartWith(".")
                .doesNotStartWith("-")
                .isNotEqualTo("con.txt");
        ShownMessage shown =
                read(
                        ("Content-Type: application/octet-stream\r\n"
                                        + "Content-Disposition: attachment; filename=\""
                                        + name.replace("\\", "\\\\")
                                        + "\"\r\n\r\nx")
                                .getBytes(StandardCharsets.UTF_8),
                        true);
        Path saved = Objects.requireNonNull(shown.attachments().getFirst().saved());
        assertThat(saved.toRealPath().getParent())
                .isEqualTo(directory.resolve("saved").toRealPath());
    }

    @Test
    void a_long_name_keeps_its_extension() {
        assertThat(FileNames.safe("世".repeat(300) + ".pdf", "x"))
                .endsWith("世.pdf")
                .satisfies(name ->
                        assertThat(name.getBytes(StandardCharsets.UTF_8).length)
                                .isLessThanOrEqualTo(200));
    }

    @Test
    void nothing_is_overwritten_and_no_link_is_followed() throws IOException {
        Path saved = Files.createDirectories(directory.resolve("saved"));
        Path precious = Files.writeString(directory.resolve("precious"), "precious");
        Files.writeString(saved.resolve("a.txt"), "there before");
        Files.createSymbolicLink(saved.resolve("a (2).txt"), precious);
        byte[] message =
                "Content-Type: text/x; name=a.txt\r\n\r\nnew".getBytes(StandardCharsets.US_ASCII);

        Path first = read(message, true).attachments().getFirst().saved();
        assertThat(first).isEqualTo(saved.resolve("a (3).txt")).hasContent("new");
        assertThat(saved.resolve("a.txt")).hasContent("there before");
        assertThat(precious).hasContent("precious");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // No boundary, an empty one, one that never comes, and no end.
                "Content-Type: multipart/mixed\n\nhello",
                "Content-Type: multipart/mixed; boundary=\"\"\n\nhello",
                "Content-Type: multipart/mixed; boundary=b\n\nhello",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello",
                "Content-Type: multipart/mixed; boundary=b\n\n--b--\nhello",
                // Types and encodings that are none.
                "Content-Type: ;;;\n\nhello",
                "Content-Type: text\n\nhello",
                "Content-Type: text/plain; charset=\"\n\nhello",
                "Content-Type: text/plain;;; charset==?\n\nhello",
                "Content-Transfer-Encoding: nonsense\n\nhello",
                "Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n"
                        + "LS1iCgpoZWxsbwotLWItLQo=",
                // Not a header at all.
                "hello",
                ": x\nhello\n\nhello",
                "\n\nhello",
            })
    void what_is_malformed_is_shown_as_far_as_it_goes(String message) throws IOException {
        ShownMessage shown = read(message);
        assertThat(shown.text() + shown.remarks() + shown.attachments() + shown.headers())
                .isNotBlank();
        if (message.endsWith("hello") && !message.equals("hello") && !message.contains("--b--")) {
            assertThat(shown.text()).contains("hello");
        }
    }

    @Test
    void broken_encodings_give_what_can_be_decoded() throws IOException {
        assertThat(text(read("Content-Transfer-Encoding: base64\n\naGVsb!G8"))).isEqualTo("hello");
        assertThat(text(read("Content-Transfer-Encoding: base64\n\naGVsbG8=aGVsbG8=")))
                .isEqualTo("hellohello");
        assertThat(text(read("Content-Transfer-Encoding: quoted-printable\n\nhel=6Co=ZZ")))
                .startsWith("hello");
    }

    @Test
    void nesting_and_numbers_of_parts_have_limits() throws IOException {
        StringBuilder nested = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            nested.append("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n".formatted(i, i));
        }
        assertThat(read(nested + "\nhello").remarks())
                .anyMatch(remark -> remark.contains("deeper"));

        String many = "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n".repeat(5_000);
        assertThat(read(many).remarks()).anyMatch(remark -> remark.contains("more parts"));

        String flood = "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\n".repeat(50_000);
        assertThat(read(flood).remarks()).anyMatch(remark -> remark.contains("too many parts"));

        String header = "Subject: " + "x".repeat(2 << 20) + "\n\nhello";
        assertThat(read(header).remarks())
                .anyMatch(remark -> remark.contains("too large a header"));
    }

    @Test
    void messages_with_random_faults_never_fail() throws IOException {
        long seed = Long.getLong("mailbell.seed", System.nanoTime());
        Random random = new Random(seed);
        byte[] sound =
                """
                From: =?utf-8?q?J=C3=BCrgen?= <j@x.example>
                Content-Type: multipart/mixed; boundary="=_x"

                --=_x
                Content-Type: multipart/alternative; boundary=b

                --b
                Content-Type: text/plain; charset=gb2312
                Content-Transfer-Encoding: base64

                xOO6ww==
                --b
                Content-Type: text/html

                <p>hello<b>x
                --b--
                --=_x
                Content-Disposition: attachment; filename*0*=UTF-8''a%20; filename*1=b.txt
                Content-Transfer-Encoding: quoted-printable

                a=3Db
                --=_x--
                """
                        .replace("\n", "\r\n")
                        .getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 1_000; i++) {
            byte[] faulty = sound.clone();
            for (int j = random.nextInt(20); j >= 0; j--) {
                faulty[random.nextInt(faulty.length)] = (byte) random.nextInt(256);
            }
            ShownMessage shown = read(faulty, false);
            assertThat(shown.text() + shown.headers() + shown.attachments() + shown.remarks())
                    .as("-Dmailbell.seed=%d, message %d", seed, i)
                    .matches(text ->
                            text.chars().noneMatch(c -> Character.isISOControl(c) && c != '\n'));
        }
    }

    @Test
    void remarks_name_what_is_odd() throws IOException {
        assertThat(read("Content-Type: text/plain; charset=x-none\n\nhello").remarks())
                .isEqualTo(List.of("the charset x-none is not known"));
    }
}
