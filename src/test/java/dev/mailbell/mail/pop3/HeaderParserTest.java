package dev.mailbell.mail.pop3;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.Envelope;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeaderParserTest {
    private static byte[] header(String... lines) {
        return (String.join("\r\n", lines) + "\r\n\r\n").getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void fields_are_decoded() {
        Envelope envelope =
                HeaderParser.parse(
                        "7",
                        header(
                                "From: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= <ann@example.org>",
                                "Subject: =?UTF-8?B?R3LDvMOfZQ==?=",
                                "Date: Fri, 20 Nov 2026 10:00:00 +0000"));
        assertThat(envelope)
                .isEqualTo(
                        new Envelope(
                                "7",
                                "\"Grüße\" <ann@example.org>",
                                "Grüße",
                                Instant.parse("2026-11-20T10:00:00Z")));
    }

    @Test
    void a_comma_in_an_encoded_name_does_not_split_the_address() {
        Envelope envelope =
                HeaderParser.parse("7", header("From: =?UTF-8?Q?Doe=2C_Ann?= <ann@example.org>"));
        assertThat(envelope.from()).isEqualTo("\"Doe, Ann\" <ann@example.org>");
    }

    @Test
    void missing_and_unreadable_fields_are_null() {
        assertThat(HeaderParser.parse("7", header("Date: yesterday", "Subject:  ")))
                .isEqualTo(new Envelope("7", null, null, null));
    }

    @Test
    void a_message_id_is_unfolded_and_limited() {
        assertThat(HeaderParser.messageId(header("Message-ID:", " <a@b>"))).contains("<a@b>");
        assertThat(HeaderParser.messageId(header("Message-ID: " + "x".repeat(1_000))))
                .hasValueSatisfying(id -> assertThat(id).hasSize(255));
        assertThat(HeaderParser.messageId(header("Message-ID: "))).isEmpty();
        assertThat(HeaderParser.messageId(header("Subject: none"))).isEmpty();
    }

    @Test
    void random_octets_give_an_envelope() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            byte[] octets = new byte[random.nextInt(200)];
            random.nextBytes(octets);
            String fields = "From: \0\r\nSubject: \0\r\nDate: \0\r\n";
            String noise = new String(octets, StandardCharsets.ISO_8859_1);
            byte[] header = fields.replace("\0", noise).getBytes(StandardCharsets.ISO_8859_1);
            assertThat(HeaderParser.parse("7", header).uid()).as("seed %d", seed).isEqualTo("7");
        }
    }
}
