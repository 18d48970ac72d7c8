package dev.mailbell.mail.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SecretTracesTest {
    private static final String SECRET = "Tr0ub4dor&3/Zürich";
    private static final SecretTraces TRACES = new SecretTraces(List.of(SECRET));

    static Stream<String> echoes() {
        byte[] octets = SECRET.getBytes(StandardCharsets.UTF_8);
        Base64.Encoder base64 = Base64.getEncoder();
        return Stream.of(
                SECRET,
                SECRET.toLowerCase(Locale.ROOT),
                SECRET.toUpperCase(Locale.ROOT),
                "T r 0 u b 4 d o r & 3",
                "Tr0ub4dor",
                "dor&3/Zürich",
                new StringBuilder(SECRET).reverse().toString(),
                base64.encodeToString(octets),
                base64.withoutPadding().encodeToString(octets),
                Base64.getUrlEncoder().encodeToString(octets),
                base64.encodeToString(("\0ann\0" + SECRET).getBytes(StandardCharsets.UTF_8)),
                base64.encodeToString(("\0anna\0" + SECRET).getBytes(StandardCharsets.UTF_8)),
                base64.encodeToString(("\0annab\0" + SECRET).getBytes(StandardCharsets.UTF_8)),
                "AB" + base64.encodeToString(("ann:" + SECRET).getBytes(StandardCharsets.UTF_8)),
                URLEncoder.encode(SECRET, StandardCharsets.UTF_8),
                URLEncoder.encode(base64.encodeToString(octets), StandardCharsets.UTF_8),
                "100% " + URLEncoder.encode(SECRET, StandardCharsets.UTF_8),
                HexFormat.of().formatHex(octets),
                HexFormat.ofDelimiter(":").withUpperCase().formatHex(octets));
    }

    @ParameterizedTest
    @MethodSource("echoes")
    void a_repeated_secret_is_found_and_not_shown(String echo) {
        String text = "login of ann with " + echo + " failed";
        assertThat(TRACES.in(text)).isTrue();
        String shown = TRACES.redact(text);
        assertThat(shown).contains("[redacted]");
        assertThat(TRACES.in(shown)).isFalse();

        String message = "The server refused the login: \"" + text + "\". Check the password.";
        assertThat(TRACES.redactQuotation(message))
                .startsWith("The server refused the login: \"")
                .endsWith("\". Check the password.")
                .doesNotContain(echo);
        assertThat(TRACES.in(TRACES.redactQuotation(message))).isFalse();
        assertThat(TRACES.redactQuotation(text)).doesNotContain(echo);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Invalid credentials (Failure)",
                "[AUTHENTICATIONFAILED] Authentication failed.",
                "mx12.example.org: too many connections from 192.0.2.17",
                "AAAAAAAA==",
                ""
            })
    void ordinary_texts_are_shown_as_they_are(String text) {
        assertThat(TRACES.in(text)).isFalse();
        assertThat(TRACES.redact(text)).isEqualTo(text);
        assertThat(TRACES.redactQuotation(text)).isEqualTo(text);
    }

    @Test
    void plain_repetitions_leave_the_rest_of_the_text() {
        assertThat(TRACES.redact("bad " + SECRET + " and " + SECRET.toUpperCase(Locale.ROOT)))
                .isEqualTo("bad [redacted] and [redacted]");
        assertThat(new SecretTraces(List.of("", "a1")).redact("no A1 here"))
                .isEqualTo("no [redacted] here");
        assertThat(new SecretTraces(List.of()).in("anything")).isFalse();
    }
}
