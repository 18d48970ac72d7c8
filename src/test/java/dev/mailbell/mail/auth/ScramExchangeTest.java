package dev.mailbell.mail.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.util.Base64;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScramExchangeTest {
    @ParameterizedTest
    @CsvSource({"SCRAM-SHA-1, 20", "SCRAM-SHA-256, 32", "SCRAM-SHA-512, 64"})
    void a_wrong_signature_of_the_server_is_not_believed(String mechanism, int octets) {
        PasswordExchange exchange = PasswordMechanisms.begin(mechanism, "ann", "pencil");
        String first = new String(exchange.initialResponse().orElseThrow(), UTF_8);
        // No channel binding, and none that the client could have used.
        assertThat(first).startsWith("n,,n=ann,r=");
        String nonce = first.substring(first.indexOf("r="));
        exchange.answer((nonce + "server,s=QSXCR+Q6sek8bf92,i=4096").getBytes(UTF_8));
        assertThat(exchange.isComplete()).isFalse();

        String signature = Base64.getEncoder().encodeToString(new byte[octets]);
        MailFailure failure =
                catchThrowableOfType(
                        MailFailure.class,
                        () -> exchange.answer(("v=" + signature).getBytes(UTF_8)));
        assertThat(failure.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(exchange.isComplete()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "unknown-user, AUTH_FAILED",
        "other-error, AUTH_FAILED",
        "no-resources, SERVER_ERROR"
    })
    void a_refusal_before_the_proof_is_no_broken_dialogue(String error, FailureCode code) {
        PasswordExchange exchange = PasswordMechanisms.begin("SCRAM-SHA-256", "ann", "pencil");
        exchange.initialResponse();

        MailFailure failure =
                catchThrowableOfType(
                        MailFailure.class, () -> exchange.answer(("e=" + error).getBytes(UTF_8)));
        assertThat(failure.code()).isEqualTo(code);
        assertThat(failure).hasMessageContaining(error);
    }
}
