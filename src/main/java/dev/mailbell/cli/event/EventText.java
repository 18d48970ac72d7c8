package dev.mailbell.cli.event;

import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.terminal.Printable;
import dev.mailbell.cli.terminal.Terminal;
import dev.mailbell.cli.terminal.Terminal.Colour;
import tools.jackson.databind.JsonNode;

/** An event as one line for people. */
final class EventText {
    private EventText() {}

    static String of(JsonNode event, Terminal terminal) {
        String type = Printable.of(Documents.text(event, "type"));
        JsonNode data = event.path("data");
        StringBuilder line = new StringBuilder(Printable.of(Documents.instant(event, "timestamp")));
        line.append("  ").append(terminal.paint(colour(type), type));
        append(line, Documents.text(data, "address"));
        String ref = Documents.text(data, "ref");
        if (!ref.isEmpty()) {
            line.append(" (").append(Printable.of(ref)).append(')');
        }
        append(line, Documents.text(data, "mailbox"));
        if (data.hasNonNull("newCount")) {
            append(line, "+" + Documents.text(data, "newCount") + " new");
        }
        if (data.hasNonNull("total")) {
            append(line, Documents.text(data, "total") + " in all");
        }
        append(line, Documents.text(data, "url"));
        append(line, Documents.text(data, "failure", "code"));
        append(line, Documents.text(data, "failure", "message"));
        return line.toString();
    }

    private static void append(StringBuilder line, String text) {
        if (!text.isEmpty()) {
            line.append("  ").append(Printable.of(text));
        }
    }

    private static Colour colour(String type) {
        return switch (type) {
            case "mail.new" -> Colour.BOLD;
            case "account.connected", "account.recovered" -> Colour.GOOD;
            case "account.retrying", "mailbox.reset" -> Colour.WAITING;
            case "account.parked", "webhook.disabled" -> Colour.BAD;
            default -> Colour.FAINT;
        };
    }
}
