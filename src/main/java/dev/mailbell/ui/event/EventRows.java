package dev.mailbell.ui.event;

import dev.mailbell.api.request.Json;
import dev.mailbell.event.Event;
import dev.mailbell.ui.page.Show;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Says events in a few words. */
final class EventRows {
    private EventRows() {}

    static EventRow of(Event event, boolean linked) {
        JsonNode payload = read(event.payload());
        JsonNode data = payload.path("data");
        return new EventRow(
                event.id().toString(),
                event.createdAt(),
                event.type().wireName(),
                kind(event),
                subject(event, data),
                summary(event, data),
                linked && event.accountId() != null ? "/ui/accounts/" + event.accountId() : null,
                payload.toPrettyString());
    }

    private static JsonNode read(String payload) {
        try {
            return Json.MAPPER.readTree(payload);
        } catch (JacksonException notJson) {
            return Json.MAPPER.createObjectNode().put("unreadable", payload);
        }
    }

    private static String kind(Event event) {
        String type = event.type().wireName();
        if (type.equals("mail.new") || type.endsWith(".recovered") || type.endsWith(".connected")) {
            return "good";
        }
        if (type.endsWith(".parked") || type.endsWith(".disabled") || type.endsWith(".failed")) {
            return "bad";
        }
        return type.endsWith(".retrying")
                        || type.endsWith(".reset")
                        || type.endsWith(".failing")
                        || type.endsWith(".stale")
                        || type.endsWith(".late")
                ? "warn"
                : "";
    }

    private static String subject(Event event, JsonNode data) {
        List<String> parts = new ArrayList<>();
        for (String name : List.of("address", "mailbox", "description")) {
            String text = data.path(name).asString("");
            if (!text.isEmpty()) {
                parts.add(text);
            }
        }
        if (parts.isEmpty() && event.accountId() != null) {
            parts.add(event.accountId().toString());
        }
        return String.join(" · ", parts);
    }

    private static String summary(Event event, JsonNode data) {
        if (data.path("newCount").isNumber()) {
            long count = data.path("newCount").longValue();
            String subject = data.path("envelopes").path(0).path("subject").asString("");
            return Show.count(count, "new message", "new messages")
                    + (subject.isEmpty() ? "" : ": " + subject);
        }
        String failure = data.path("failure").path("message").asString("");
        if (!failure.isEmpty()) {
            return failure;
        }
        String error = data.path("lastError").asString("");
        if (!error.isEmpty()) {
            return error;
        }
        return data.path("state").asString(data.path("reason").asString(""));
    }
}
