package dev.mailbell.api.webhook;

import dev.mailbell.account.AccountStore;
import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.TextRules;
import dev.mailbell.event.EventType;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookUrl;
import dev.mailbell.webhook.WebhookUrls;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Reads and validates the JSON of a webhook. */
public final class WebhookReader {
    private static final int MAX_EVENTS = 32;
    private static final int MAX_ACCOUNTS = 1_000;
    private static final int MAX_DESCRIPTION_LENGTH = 1_000;
    private static final List<String> TYPES =
            Stream.of(EventType.values()).map(EventType::wireName).toList();

    private final WebhookUrls urls;
    private final AccountStore accounts;

    public WebhookReader(WebhookUrls urls, AccountStore accounts) {
        this.urls = urls;
        this.accounts = accounts;
    }

    /**
     * Reads a new webhook.
     *
     * @throws ProblemException 400 with every error; 422 when the URL's address is blocked
     */
    WebhookDraft read(ObjectNode json, UUID clientId) {
        return read(json, clientId, null);
    }

    /** Reads the new settings of a webhook; unchanged values are not validated again. */
    WebhookDraft readChange(ObjectNode json, Webhook before) {
        return read(json, before.clientId(), before);
    }

    private WebhookDraft read(ObjectNode json, UUID clientId, @Nullable Webhook before) {
        FieldErrors errors = new FieldErrors();
        Fields fields = Fields.of(json, errors);
        String url = fields.requiredLine("url", WebhookUrl.MAX_LENGTH);
        boolean newUrl = !url.isEmpty() && (before == null || !url.equals(before.url()));
        if (newUrl) {
            urls.faults(url).forEach(message -> fields.error("url", message));
        }
        List<String> events = events(fields);
        List<UUID> known =
                before == null || before.accounts() == null ? List.of() : before.accounts();
        List<UUID> ids =
                fields.ids("accounts", 1, MAX_ACCOUNTS, id -> errorOf(id, clientId, known))
                        .orElse(null);
        Map<String, String> labels = fields.labels("labels");
        String description = fields.line("description", MAX_DESCRIPTION_LENGTH).orElse(null);
        fields.has("headers");
        HeadersReader.Change headers = HeadersReader.read(json, before != null, errors);
        State state = before == null ? null : fields.oneOf("state", states()).orElse(null);
        fields.rejectUnknown();
        errors.throwIfAny();
        if (newUrl) {
            Optional<String> blocked = urls.blocked(url);
            if (blocked.isPresent()) {
                throw new ProblemException(
                        Problem.refused("blocked-address", "url: " + blocked.get()));
            }
        }
        return new WebhookDraft(url, events, ids, labels, description, headers, state);
    }

    /** An account that the webhook names already stays valid after its removal. */
    private Optional<String> errorOf(UUID id, UUID clientId, List<UUID> known) {
        return known.contains(id) || accounts.find(clientId, id).isPresent()
                ? Optional.empty()
                : Optional.of("there is no account with this id");
    }

    /** The states that a client may set; {@code failing} is set by deliveries alone. */
    private static Map<String, State> states() {
        Map<String, State> states = new LinkedHashMap<>();
        states.put(State.ENABLED.wireName(), State.ENABLED);
        states.put(State.DISABLED.wireName(), State.DISABLED);
        return states;
    }

    private static List<String> events(Fields fields) {
        fields.require("events");
        List<String> events = fields.lines("events", 1, MAX_EVENTS, 100).orElse(List.of());
        for (String event : events) {
            if (event.equals(Webhook.ALL_EVENTS)) {
                if (events.size() > 1) {
                    fields.error("events", "\"*\" stands for all types; give it alone");
                }
            } else if (!TYPES.contains(event)) {
                fields.error(
                        "events",
                        "\""
                                + TextRules.shown(event)
                                + "\" is not a type of event; there are *, "
                                + String.join(", ", TYPES));
            }
        }
        return events;
    }
}
