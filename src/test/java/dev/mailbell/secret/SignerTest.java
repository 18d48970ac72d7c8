package dev.mailbell.secret;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import java.net.http.HttpHeaders;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SignerTest {
    private static final Secret PUBLISHED = Secret.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    private static final byte[] BODY = "{\"test\": 2432232314}".getBytes(UTF_8);

    @Test
    void the_published_test_vector_is_reproduced() {
        assertThat(
                        Signer.signature(
                                List.of(PUBLISHED),
                                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                Instant.ofEpochSecond(1614265330, 999_999_999),
                                BODY))
                .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    private static void verify(Secret secret, String signature, Instant now, String body)
            throws Exception {
        Map<String, List<String>> headers =
                Map.of(
                        "webhook-id", List.of("id-1"),
                        "webhook-timestamp", List.of(Long.toString(now.getEpochSecond())),
                        "webhook-signature", List.of(signature));
        new Webhook(secret.reveal()).verify(body, HttpHeaders.of(headers, (name, value) -> true));
    }

    @Test
    void the_official_library_takes_either_signature_of_a_rotation_and_no_other() throws Exception {
        Secret old = Signer.newSecret();
        Secret fresh = Signer.newSecret();
        Instant now = Instant.now();
        String body = "{\"type\":\"mail.new\",\"data\":{\"address\":\"jörg@example.org\"}}";
        String signature = Signer.signature(List.of(fresh, old), "id-1", now, body.getBytes(UTF_8));
        assertThat(signature.split(" ")).hasSize(2);
        verify(old, signature, now, body);
        verify(fresh, signature, now, body);
        assertThatThrownBy(() -> verify(Signer.newSecret(), signature, now, body))
                .isInstanceOf(WebhookVerificationException.class);
        assertThatThrownBy(() -> verify(old, signature, now, body + " "))
                .isInstanceOf(WebhookVerificationException.class);
        assertThatThrownBy(() -> verify(old, signature, now.plusSeconds(1), body))
                .isInstanceOf(WebhookVerificationException.class);
    }

    @Test
    void a_new_secret_is_32_random_bytes() {
        String one = Signer.newSecret().reveal();
        assertThat(one).startsWith("whsec_");
        assertThat(Base64.getDecoder().decode(one.substring(6))).hasSize(32);
        assertThat(Signer.newSecret().reveal()).isNotEqualTo(one);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "whsec_",
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "whsec_c2hvcnQ=",
                "whsec_!fKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
            })
    void a_malformed_secret_is_refused_and_not_repeated_in_the_message(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        Signer.signature(List.of(Secret.of(text)), "id-1", Instant.EPOCH, BODY))
                .withMessage("a webhook secret is whsec_ and the base64 of 24 to 64 bytes")
                .withNoCause();
    }
}
