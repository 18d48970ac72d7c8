package dev.mailbell.cli.status;

import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.Output;
import dev.mailbell.cli.terminal.Column;
import dev.mailbell.cli.terminal.Printable;
import dev.mailbell.cli.terminal.Table;
import dev.mailbell.cli.terminal.Terminal;
import dev.mailbell.cli.terminal.Terminal.Colour;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A snapshot as lines for people. */
final class StatusText {
    private static final List<String> SHOWN_ELSEWHERE =
            List.of("node", "nodes", "shards", "counts");

    private final Terminal terminal;
    private final String url;
    private final StringWriter text = new StringWriter();
    private final PrintWriter out = new PrintWriter(text);

    private StatusText(Terminal terminal, String url) {
        this.terminal = terminal;
        this.url = url;
    }

    /**
     * @param before an earlier snapshot, from which rates are computed; null for counts since the
     *     start
     */
    static List<String> lines(
            Terminal terminal, String url, Snapshot now, @Nullable Snapshot before) {
        StatusText status = new StatusText(terminal, url);
        status.head(now);
        status.nodes(now);
        status.work(now, before);
        status.more(now.stats());
        status.out.flush();
        return status.text.toString().lines().toList();
    }

    private void head(Snapshot now) {
        out.println(
                terminal.paint(Colour.BOLD, "Mailbell at " + Printable.of(url))
                        + ", "
                        + now.at().truncatedTo(ChronoUnit.SECONDS));
        String node = Printable.of(now.nodeName());
        out.println(
                now.trouble().isEmpty()
                        ? terminal.paint(Colour.GOOD, "ready") + ": " + node
                        : terminal.paint(Colour.BAD, "not ready")
                                + ": "
                                + node
                                + ": "
                                + Printable.of(now.trouble()));
        JsonNode shards = now.stats().path("shards");
        int unowned = shards.path("unowned").intValue(0);
        String total = Printable.of(Documents.text(shards, "total"));
        out.println(
                unowned == 0
                        ? "All " + total + " shards have an owner."
                        : terminal.paint(
                                Colour.BAD,
                                unowned
                                        + " of "
                                        + total
                                        + " shards have no owner since "
                                        + Printable.of(Documents.instant(shards, "unownedSince"))
                                        + ": their accounts are not checked."));
    }

    private void nodes(Snapshot now) {
        out.println();
        Table table =
                new Table(
                        terminal,
                        out,
                        Column.text("NODE", 8),
                        Column.whole("SHARDS"),
                        Column.whole("UP"),
                        Column.whole("VERSION").droppedAs(2),
                        Column.whole("CONFIGURATION").droppedAs(1),
                        Column.whole("NOTE"));
        for (JsonNode node : now.stats().path("nodes")) {
            boolean leaving = node.path("leaving").booleanValue(false);
            boolean differs = node.path("configurationDiffers").booleanValue(false);
            table.row(
                    Table.Cell.of(Documents.text(node, "name")),
                    Table.Cell.of(Documents.text(node, "shards")),
                    Table.Cell.of(uptime(Documents.text(node, "startedAt"), now.at())),
                    Table.Cell.of(Documents.text(node, "version")),
                    Table.Cell.of(Documents.text(node, "configuration")),
                    new Table.Cell(
                            leaving ? "leaving" : differs ? "other configuration" : "",
                            leaving || differs ? Colour.WAITING : null));
        }
        table.flush();
    }

    /** In its largest two units: 3 d 4 h. */
    private static String uptime(String startedAt, Instant now) {
        try {
            Duration up = Duration.between(Instant.parse(startedAt), now);
            if (up.toDays() > 0) {
                return up.toDays() + " d " + up.toHoursPart() + " h";
            }
            if (up.toHours() > 0) {
                return up.toHours() + " h " + up.toMinutesPart() + " min";
            }
            return up.toMinutes() > 0
                    ? up.toMinutes() + " min"
                    : Math.max(0, up.toSeconds()) + " s";
        } catch (DateTimeParseException e) {
            return "";
        }
    }

    private void work(Snapshot now, @Nullable Snapshot before) {
        out.println();
        if (now.metrics().isEmpty()) {
            out.println(
                    terminal.paint(
                            Colour.FAINT,
                            "The node's metrics have a port of their own (metrics.port)."));
            return;
        }
        count("checks", "mailbell_look_seconds_count", now, before);
        gauge("checks running", "mailbell_looks_running", "", now);
        gauge("checks waiting for a permit", "mailbell_looks_queued", "", now);
        gauge("oldest due check", "mailbell_looks_oldest_due_seconds", " s", now);
        gauge("sessions with mail servers", "mailbell_sessions", "", now);
        gauge("of them waiting for push", "mailbell_sessions_idle", "", now);
        count("attempts of deliveries", "mailbell_deliveries_attempts_total", now, before);
        gauge("oldest pending delivery", "mailbell_deliveries_oldest_pending_seconds", " s", now);
    }

    private void count(String title, String name, Snapshot now, @Nullable Snapshot before) {
        OptionalDouble count = now.metrics().sum(name);
        if (count.isEmpty()) {
            return;
        }
        OptionalDouble earlier =
                before == null ? OptionalDouble.empty() : before.metrics().sum(name);
        if (before == null || earlier.isEmpty() || earlier.getAsDouble() > count.getAsDouble()) {
            line(title + " since the start", "%,.0f".formatted(count.getAsDouble()));
            return;
        }
        double seconds = Duration.between(before.at(), now.at()).toMillis() / 1000.0;
        line(
                title + " a second",
                seconds <= 0
                        ? "-"
                        : "%,.1f"
                                .formatted(
                                        (count.getAsDouble() - earlier.getAsDouble()) / seconds));
    }

    private void gauge(String title, String name, String unit, Snapshot now) {
        now.metrics().sum(name).ifPresent(value -> line(title, "%,.0f%s".formatted(value, unit)));
    }

    private void line(String title, String value) {
        out.println("%-40s %s".formatted(title, value));
    }

    /** Members of the document that this version does not know, and the counts of the node. */
    private void more(JsonNode stats) {
        out.println();
        ObjectNode rest = Documents.object();
        stats.properties()
                .forEach(member -> {
                    if (!SHOWN_ELSEWHERE.contains(member.getKey())) {
                        rest.set(member.getKey(), member.getValue());
                    }
                });
        JsonNode counts = stats.path("counts");
        if (counts.isObject()) {
            rest.set("counts", counts);
        }
        Output.print(rest, out);
    }
}
