package dev.mailbell.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.atlassian.oai.validator.OpenApiInteractionValidator;
import com.atlassian.oai.validator.model.Request.Method;
import com.atlassian.oai.validator.model.SimpleRequest;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.atlassian.oai.validator.report.ValidationReport;
import io.swagger.v3.parser.OpenAPIV3Parser;
import org.junit.jupiter.api.Test;

/** That the contract is sound, and that what holds answers against it sees their faults. */
class ContractTest {
    private final OpenApiInteractionValidator validator =
            OpenApiInteractionValidator.createForInlineApiSpecification(Contract.strict()).build();

    @Test
    void the_contract_is_valid_openapi() {
        assertThat(new OpenAPIV3Parser().readContents(Contract.text()).getMessages()).isEmpty();
    }

    @Test
    void an_answer_that_lacks_or_adds_something_is_seen() {
        assertThat(faultsOfHealth("{\"status\": \"up\", \"version\": \"1\"}")).isFalse();
        assertThat(faultsOfHealth("{\"status\": \"up\"}")).isTrue();
        assertThat(faultsOfHealth("{\"status\": \"down\", \"version\": \"1\"}")).isTrue();
        assertThat(faultsOfHealth("{\"status\": \"up\", \"version\": \"1\", \"x\": 1}")).isTrue();
    }

    private boolean faultsOfHealth(String body) {
        return validator
                .validateResponse(
                        "/healthz",
                        Method.GET,
                        SimpleResponse.Builder.ok()
                                .withContentType("application/json")
                                .withBody(body)
                                .build())
                .hasErrors();
    }

    @Test
    void an_announcement_is_what_the_contract_says() {
        String event =
                """
                {"type": "mail.new", "timestamp": "2026-11-20T23:59:07.123Z",
                 "data": {"accountId": "0199a3c2-7a10-7c3e-9d7e-3f1d2f1b6a55", "ref": null, "address": "ann@example.org",
                          "mailbox": "INBOX", "newCount": 2, "pendingCount": null, "total": 33,
                          "mark": {"maxId": 33, "uid": "1392611540", "uidValidity": null},
                          "source": "poll", "detectedAt": "2026-11-20T23:59:07.123Z"}}
                """;
        assertThat(webhook(event).hasErrors()).as(webhook(event).toString()).isFalse();
        assertThat(webhook(event.replace("\"newCount\": 2", "\"newCount\": \"2\"")).hasErrors())
                .isTrue();
    }

    private ValidationReport webhook(String body) {
        return validator.validateWebhookRequest(
                "mail.new",
                SimpleRequest.Builder.post("/")
                        .withContentType("application/json")
                        .withHeader("webhook-id", "x")
                        .withHeader("webhook-timestamp", "1614265330")
                        .withHeader("webhook-signature", "v1,x")
                        .withBody(body)
                        .build());
    }
}
