package dev.mailbell.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.network.Host;
import dev.mailbell.network.address.AddressGuard;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebhookUrlsTest {
    private final AddressGuard guard =
            new AddressGuard(
                    List.of("127.0.0.0/8"),
                    List.of("127.0.0.1", "*.inside.example"),
                    name ->
                            switch (name) {
                                case "covered.example" ->
                                        List.of(Host.of("127.0.0.9").literal().orElseThrow());
                                case "private.example" ->
                                        List.of(Host.of("10.0.0.9").literal().orElseThrow());
                                case "public.example", "xn--bcher-kva.example", "a_b.example" ->
                                        List.of(Host.of("8.8.8.8").literal().orElseThrow());
                                default -> throw new UnknownHostException(name);
                            });
    private final WebhookUrls urls = new WebhookUrls(guard, () -> List.of(443, 8443, 80));

    @AfterEach
    void close() {
        guard.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://public.example",
                "https://public.example/hook?token=a%20b",
                "HTTPS://Public.Example:8443/",
                "https://public.example:443/",
                "https://unknown.example/hook",
                "https://bücher.example/grüße",
                "https://a_b.example/",
                "https://[2606:4700::1111]/",
                "http://127.0.0.1:9000/hook",
                "https://covered.example:9000/hook",
                "http://a.inside.example/"
            })
    void a_good_url_has_no_faults_and_is_not_blocked(String url) {
        assertThat(urls.faults(url)).isEmpty();
        assertThat(urls.blocked(url)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    ''                                  | must start with https://
                    public.example/hook                 | must start with https://
                    ftp://public.example/               | must start with https://
                    //public.example/                   | must start with https://
                    https:public.example                | has no host
                    https:///hook                       | has no host
                    https://user:pw@public.example/     | must not carry a user name
                    https://@public.example/            | must not carry a user name
                    https://public.example/#part        | must not have a #fragment
                    https://public.example:0/           | not 1 to 65535
                    https://public.example:65536/       | not 1 to 65535
                    https://public.example:99999999999/ | not 1 to 65535
                    https://public.example:x/           | not 1 to 65535
                    https://public.example:22/          | has port 22
                    https://private.example:9000/       | has port 9000
                    https://::1/                        | without [ ]
                    https://exa mple.org/               | is not a URL
                    https://256.1.1.1/                  | is not an IPv4 address
                    https://127%2e0.0.1/                | is not an IPv4 address
                    http://public.example/              | must start with https://
                    """)
    void a_bad_url_is_refused_with_the_reason(String url, String message) {
        assertThat(urls.faults(url)).singleElement().asString().contains(message);
        assertThat(urls.faults(url).toString()).doesNotContain("pw@");
    }

    @Test
    void all_faults_are_reported_at_once() {
        assertThat(urls.faults("http://public.example:25/")).hasSize(2);
    }

    @Test
    void a_url_has_2048_characters_at_most() {
        String longest = "https://public.example/" + "a".repeat(2048 - 23);
        assertThat(longest).hasSize(2048);
        assertThat(urls.faults(longest)).isEmpty();
        assertThat(urls.faults(longest + "a")).singleElement().asString().contains("2048");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://private.example/",
                "https://10.1.2.3/",
                "https://0xa010203/",
                "https://[::ffff:10.1.2.3]/",
                "https://169.254.169.254/latest/meta-data",
                "https://[fd00::1]/"
            })
    void a_host_with_a_private_address_is_blocked_without_naming_the_address(String url) {
        assertThat(urls.faults(url)).isEmpty();
        assertThat(urls.blocked(url)).hasValueSatisfying(m -> assertThat(m).contains("refused"));
        assertThat(urls.blocked("https://private.example/").orElseThrow()).doesNotContain("10.0");
    }

    @Test
    void a_url_prints_without_its_path_which_may_carry_a_token() {
        WebhookUrl url = WebhookUrl.parse("https://Public.example:8443/hook?token=t");
        assertThat(url).hasToString("https://public.example:8443");
        assertThat(url.target()).isEqualTo("/hook?token=t");
        assertThat(WebhookUrl.parse("https://[::1]")).hasToString("https://[::1]");
        assertThat(WebhookUrl.parse("https://bücher.example/ü?ä").target())
                .isEqualTo("/%C3%BC?%C3%A4");
    }
}
