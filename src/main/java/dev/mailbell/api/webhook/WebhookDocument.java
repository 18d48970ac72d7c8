package dev.mailbell.api.webhook;

import dev.mailbell.api.request.Json;
import dev.mailbell.webhook.Webhook;
import java.util.List;
import java.util.UUID;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON that would create a webhook as it is, without its secret: the target of a merge patch,
 * and the settings in an export.
 */
final class WebhookDocument {
    private WebhookDocument() {}

    static ObjectNode of(Webhook webhook) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("url", webhook.url());
        webhook.events().forEach(json.putArray("events")::add);
        List<UUID> accounts = webhook.accounts();
        if (accounts != null) {
            ArrayNode ids = json.putArray("accounts");
            accounts.forEach(id -> ids.add(id.toString()));
        }
        ObjectNode labels = json.putObject("labels");
        webhook.labels().forEach(labels::put);
        json.put("description", webhook.description());
        return json;
    }
}
