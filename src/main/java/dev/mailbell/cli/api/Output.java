package dev.mailbell.cli.api;

import dev.mailbell.cli.terminal.Column;
import dev.mailbell.cli.terminal.Details;
import dev.mailbell.cli.terminal.Printable;
import dev.mailbell.cli.terminal.Table;
import dev.mailbell.cli.terminal.Terminal;
import java.io.PrintWriter;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Prints documents: as lines of JSON for programs, else as tables and texts for people. */
public final class Output {
    private final Terminal terminal;
    private final PrintWriter out;
    private final boolean json;

    Output(Terminal terminal, PrintWriter out, boolean json) {
        this.terminal = terminal;
        this.out = out;
        this.json = json;
    }

    public boolean isJson() {
        return json;
    }

    public Terminal terminal() {
        return terminal;
    }

    /** A document as a line of JSON, or else as {@code text} prints it. */
    public void document(JsonNode document, Consumer<JsonNode> text) {
        if (json) {
            line(document);
        } else {
            text.accept(document);
            out.flush();
        }
    }

    /** A document as a line of JSON, or else all of its members. */
    public void details(JsonNode document) {
        document(document, each -> print(each, out));
    }

    /** All members of a document, for people. */
    public static void print(JsonNode document, PrintWriter out) {
        Details.print(document, out);
    }

    /** A document as a line of JSON. */
    public void line(JsonNode document) {
        out.println(Printable.json(document.toString()));
        out.flush();
    }

    /** A line for people; nothing with {@code --json}. */
    public void say(String text) {
        if (!json) {
            out.println(Printable.of(text));
            out.flush();
        }
    }

    /** A line whose texts are printable already, with colours. */
    public void painted(String line) {
        out.println(line);
        out.flush();
    }

    public Table table(Column... columns) {
        return new Table(terminal, out, columns);
    }

    /** Prints the items of a list. */
    public void list(Api api, String path, Parameters query, int limit, Table table, Row row) {
        if (json) {
            api.items(
                    path,
                    query,
                    limit,
                    item -> {
                        line(item);
                        return true;
                    });
            return;
        }
        api.items(
                path,
                query,
                limit,
                item -> {
                    table.row(row.of(item));
                    return true;
                });
        table.flush();
    }

    /** The cells of an item. */
    public interface Row {
        Table.Cell[] of(JsonNode item);
    }
}
