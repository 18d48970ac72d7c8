package dev.mailbell.cli.webhook;

import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.terminal.Table;
import dev.mailbell.cli.terminal.Terminal.Colour;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** How webhooks, deliveries and attempts are shown to people. */
final class States {
    private States() {}

    static Table.Cell webhook(JsonNode webhook) {
        String state = Documents.text(webhook, "state");
        return new Table.Cell(state, colour(state));
    }

    static Table.Cell delivery(JsonNode delivery) {
        String status = Documents.text(delivery, "status");
        return new Table.Cell(status, colour(status));
    }

    private static @Nullable Colour colour(String state) {
        return switch (state) {
            case "enabled", "delivered" -> Colour.GOOD;
            case "pending" -> Colour.WAITING;
            case "failing", "failed" -> Colour.BAD;
            case "disabled", "superseded" -> Colour.FAINT;
            default -> null;
        };
    }

    /** The status code and the error of an attempt, and how long it took. */
    static String attempt(JsonNode attempt) {
        String code = Documents.text(attempt, "statusCode");
        String error = Documents.text(attempt, "error");
        return (code.isEmpty() ? "no answer" : "answered " + code)
                + " after "
                + Documents.text(attempt, "durationMillis")
                + " ms"
                + (error.isEmpty() ? "" : " (" + error + ")");
    }

    static String joined(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonNode::asString)
                .collect(Collectors.joining(","));
    }
}
