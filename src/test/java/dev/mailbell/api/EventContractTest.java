package dev.mailbell.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.atlassian.oai.validator.OpenApiInteractionValidator;
import com.atlassian.oai.validator.model.Request.Method;
import com.atlassian.oai.validator.model.SimpleRequest;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.atlassian.oai.validator.report.ValidationReport;
import dev.mailbell.api.event.EventRoutes;
import dev.mailbell.api.request.Json;
import dev.mailbell.delivery.SentEvents;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventPayloads;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.watch.AnnouncedEvents;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Every type of event that Mailbell writes matches the contract. */
class EventContractTest {
    private static final OpenApiInteractionValidator VALIDATOR =
            OpenApiInteractionValidator.createForInlineApiSpecification(Contract.strict()).build();
    private static final JsonNode CONTRACT = YAMLMapper.shared().readTree(Contract.text());
    private static final List<String> TYPES =
            Stream.of(EventType.values()).map(EventType::wireName).toList();

    @TempDir private static Path keys;
    private static SentEvents sent;

    @BeforeAll
    static void start() {
        sent = new SentEvents(keys);
    }

    @AfterAll
    static void stop() throws Exception {
        sent.close();
    }

    /** Payloads that the program wrote. */
    private static List<String> payloads(EventType type) {
        return switch (type) {
            case MAIL_NEW,
                    MAILBOX_BASELINE,
                    MAILBOX_RESET,
                    ACCOUNT_CONNECTED,
                    ACCOUNT_RETRYING,
                    ACCOUNT_PARKED,
                    ACCOUNT_RECOVERED,
                    CANARY_LATE ->
                    AnnouncedEvents.of(type, Ids.next(), Ids.next()).stream()
                            .map(Event::payload)
                            .toList();
            case ACCOUNT_STALE, WEBHOOK_FAILING, DELIVERY_FAILED ->
                    withCopies(
                            AnnouncedEvents.of(type, Ids.next(), Ids.next()).stream()
                                    .map(Event::payload)
                                    .toList());
            case WEBHOOK_DISABLED ->
                    withCopies(sent.disabled().stream().map(Event::payload).toList());
            case WEBHOOK_TEST -> List.of(sent.test());
        };
    }

    /** The payloads as their clients get them, and as the operator does. */
    private static List<String> withCopies(List<String> payloads) {
        return Stream.concat(
                        payloads.stream(),
                        payloads.stream()
                                .map(payload -> EventPayloads.forOperator(payload, Ids.next())))
                .toList();
    }

    @ParameterizedTest
    @EnumSource
    void a_webhook_payload_matches_the_contract(EventType type) {
        for (String payload : payloads(type)) {
            assertThat(faults(type, payload)).as(payload).isEmpty();
            ObjectNode data = (ObjectNode) Json.MAPPER.readTree(payload).required("data");
            for (String field : data.propertyNames()) {
                ObjectNode more = (ObjectNode) Json.MAPPER.readTree(payload);
                ((ObjectNode) more.required("data")).put(field + "X", 1);
                assertThat(faults(type, more.toString())).as(field).isNotEmpty();
            }
            assertThat(faults(type, payload.replace("\"timestamp\"", "\"when\""))).isNotEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_payload_under_another_type_is_refused(EventType type) {
        String payload = payloads(type).getFirst();
        for (EventType other : EventType.values()) {
            ObjectNode renamed = (ObjectNode) Json.MAPPER.readTree(payload);
            renamed.put("type", other.wireName());
            boolean sameShape = schemaOf(other).equals(schemaOf(type));
            assertThat(faults(type, renamed.toString()).isEmpty())
                    .as(other.wireName())
                    .isEqualTo(sameShape);
        }
    }

    private static List<ValidationReport.Message> faults(EventType type, String body) {
        return VALIDATOR
                .validateWebhookRequest(
                        type.wireName(),
                        SimpleRequest.Builder.post("/")
                                .withContentType("application/json")
                                .withHeader("webhook-id", "x")
                                .withHeader("webhook-timestamp", "1614265330")
                                .withHeader("webhook-signature", "v1,x")
                                .withBody(body)
                                .build())
                .getMessages();
    }

    private static String schemaOf(EventType type) {
        return CONTRACT.required("webhooks")
                .required(type.wireName())
                .at("/post/requestBody/content/application~1json/schema/$ref")
                .stringValue();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "WEBHOOK_TEST")
    void a_feed_entry_matches_the_contract(EventType type) {
        for (String payload : payloads(type)) {
            ObjectNode view =
                    EventRoutes.view(
                            new Event(Ids.next(), Ids.next(), null, type, Instant.EPOCH, payload));
            assertThat(faultsOfPage(view)).as(payload).isEmpty();
            view.remove("id");
            assertThat(faultsOfPage(view)).as(payload).isNotEmpty();
        }
    }

    private static List<ValidationReport.Message> faultsOfPage(ObjectNode event) {
        ObjectNode page = Json.MAPPER.createObjectNode();
        page.putArray("items").add(event);
        page.putNull("nextCursor");
        return VALIDATOR
                .validateResponse(
                        "/v1/events",
                        Method.GET,
                        SimpleResponse.Builder.ok()
                                .withContentType("application/json")
                                .withBody(page.toString())
                                .build())
                .getMessages();
    }

    @Test
    void every_list_of_types_has_every_type() {
        assertThat(new ArrayList<>(CONTRACT.required("webhooks").propertyNames()))
                .containsExactlyInAnyOrderElementsOf(TYPES);
        assertThat(words("/components/schemas/EventType/enum")).isEqualTo(TYPES);
        List<String> selectable = new ArrayList<>(TYPES);
        selectable.addFirst("*");
        assertThat(words("/components/schemas/EventSelector/enum")).isEqualTo(selectable);
        assertThat(CONTRACT.at("/components/schemas/Event/discriminator/mapping").propertyNames())
                .containsExactlyInAnyOrderElementsOf(TYPES);
        assertThat(
                        CONTRACT.at("/components/schemas/FeedEvent/discriminator/mapping")
                                .propertyNames())
                .containsExactlyInAnyOrderElementsOf(
                        TYPES.stream().filter(type -> !type.equals("webhook.test")).toList());
    }

    private static List<String> words(String pointer) {
        List<String> words = new ArrayList<>();
        CONTRACT.at(pointer).forEach(word -> words.add(word.stringValue()));
        return words;
    }
}
