package dev.mailbell.mail.auth.grant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.auth.grant.OAuthGrant.Fault;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OAuthGrantTest {

    private static OAuthGrant of(Protocol protocol, Provider provider) {
        return new OAuthGrant(protocol, provider, "id", "s3cret", "r3fresh", null, null);
    }

    @Test
    void google_and_microsoft_need_neither_url_nor_scope() {
        OAuthGrant google = of(Protocol.IMAP, Provider.GOOGLE);
        OAuthGrant microsoft = of(Protocol.POP3, Provider.MICROSOFT);

        assertThat(google.endpoint()).hasToString("https://oauth2.googleapis.com/token");
        assertThat(google.effectiveScope()).isEmpty();
        assertThat(microsoft.endpoint())
                .hasToString("https://login.microsoftonline.com/common/oauth2/v2.0/token");
        assertThat(microsoft.effectiveScope())
                .contains("https://outlook.office.com/POP.AccessAsUser.All offline_access");
        assertThat(of(Protocol.IMAP, Provider.MICROSOFT).effectiveScope())
                .contains("https://outlook.office.com/IMAP.AccessAsUser.All offline_access");
    }

    @Test
    void a_url_and_a_scope_of_ones_own_win() {
        OAuthGrant tenant =
                new OAuthGrant(
                        Protocol.IMAP,
                        Provider.MICROSOFT,
                        "id",
                        null,
                        "r",
                        "https://login.microsoftonline.com/contoso/oauth2/v2.0/token",
                        "a b");
        assertThat(tenant.endpoint().getPath()).isEqualTo("/contoso/oauth2/v2.0/token");
        assertThat(tenant.effectiveScope()).contains("a b");
    }

    @Test
    void every_fault_is_named_at_once() {
        assertThat(OAuthGrant.faults("yahoo", " ", "a\r\nb", null, "mailto:x", ""))
                .extracting(Fault::field)
                .containsExactly(
                        "provider",
                        "clientId",
                        "refreshToken",
                        "clientSecret",
                        "scope",
                        "tokenUrl");
        assertThat(OAuthGrant.faults(null, "i", null, "r", null, null))
                .extracting(Fault::message)
                .containsExactly("must be google, microsoft or custom");
        assertThat(OAuthGrant.faults("google", "i", null, "r", null, null)).isEmpty();
    }

    @Test
    void custom_needs_a_token_url() {
        assertThat(OAuthGrant.faults("custom", "i", null, "r", null, null))
                .containsExactly(new Fault("tokenUrl", "is required with the provider custom"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "token",
                "https://",
                "https:///token",
                "ftp://example.org/token",
                "https://u:p@example.org/token",
                "https://example.org/token#x",
                "https://exa mple.org/"
            })
    void a_token_url_that_cannot_be_asked_is_a_fault(String url) {
        assertThat(OAuthGrant.faults("custom", "i", null, "r", url, null))
                .extracting(Fault::field)
                .containsExactly("tokenUrl");
    }

    @Test
    void neither_a_fault_nor_the_grant_prints_a_secret() {
        String secret = "hunter2\n";
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new OAuthGrant(
                                Protocol.IMAP, Provider.GOOGLE, "id", secret, secret, null, null))
                .withMessageContaining("clientSecret must")
                .withMessageContaining("refreshToken must")
                .withMessageNotContaining("hunter2");
        assertThat(of(Protocol.IMAP, Provider.GOOGLE).toString())
                .doesNotContain("s3cret")
                .doesNotContain("r3fresh");
    }
}
