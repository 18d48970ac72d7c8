package dev.mailbell.cli.database;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.ApiOptions;
import dev.mailbell.cli.api.Clients;
import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.Output;
import dev.mailbell.cli.api.Parameters;
import dev.mailbell.cli.config.ConfigOption;
import dev.mailbell.cli.config.DatabaseOption;
import dev.mailbell.cli.terminal.Column;
import dev.mailbell.cli.terminal.CommandFailedException;
import dev.mailbell.cli.terminal.Printable;
import dev.mailbell.cli.terminal.Table;
import dev.mailbell.client.Client;
import dev.mailbell.client.NameTakenException;
import dev.mailbell.event.Ids;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

@Command(
        name = "clients",
        description = {
            "Shows, adds and erases clients.",
            "By the API of a running daemon where an option or a variable names the API or a key, else"
                    + " directly in the database."
        },
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false)
public final class ClientsCommand implements Runnable {
    private static final int PAGE = 500;
    private static final String PATH = "/v1/clients";
    private static final String CLIENT = "the client's id or name";

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What about the clients?");
    }

    @Command(
            name = "list",
            description = "Lists the clients: id, name, state.",
            mixinStandardHelpOptions = true)
    void list(
            @Mixin ConfigOption config, @Mixin DatabaseOption database, @Mixin ApiOptions options) {
        if (database.isChosen(config, options)) {
            listDirectly(config);
            return;
        }
        Output output = options.output();
        Table table =
                output.table(
                        Column.whole("ID"),
                        Column.text("NAME", 8),
                        Column.whole("STATE"),
                        Column.whole("CREATED").droppedAs(1));
        try (Api api = options.open()) {
            output.list(api, PATH, new Parameters(), 0, table, ClientsCommand::row);
        }
    }

    private static Table.Cell[] row(JsonNode client) {
        return new Table.Cell[] {
            Table.Cell.of(Documents.text(client, "id")),
            Table.Cell.of(Documents.text(client, "name")),
            Table.Cell.of(Documents.text(client, "state")),
            Table.Cell.of(Documents.instant(client, "createdAt"))
        };
    }

    private void listDirectly(ConfigOption config) {
        PrintWriter out = spec.commandLine().getOut();
        try (ClientTables tables = ClientTables.open(config)) {
            List<Client> page = tables.clients().list(null, PAGE);
            while (!page.isEmpty()) {
                page.forEach(client -> out.println(line(client)));
                page = tables.clients().list(page.getLast().id(), PAGE);
            }
        }
    }

    private static String line(Client client) {
        @Nullable Instant erasing = client.erasingSince();
        return client.id()
                + "  "
                + Printable.of(client.name())
                + (erasing == null ? "" : "  (being erased)");
    }

    @Command(
            name = "show",
            description = "Shows a client with its limits; by the API alone.",
            mixinStandardHelpOptions = true)
    void show(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "CLIENT", description = CLIENT) String client) {
        try (Api api = options.open()) {
            options.output().details(api.get(Parameters.path(PATH, new Clients(api).idOf(client))));
        }
    }

    @Command(
            name = "add",
            description = "Adds a client and prints its id.",
            mixinStandardHelpOptions = true)
    void add(
            @Mixin ConfigOption config,
            @Mixin DatabaseOption database,
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "NAME", description = "unique among the clients")
                    String name) {
        if (database.isChosen(config, options)) {
            addDirectly(config, name);
            return;
        }
        Output output = options.output();
        try (Api api = options.open()) {
            output.document(
                    api.post(PATH, Documents.object().put("name", name)),
                    client -> output.say(Documents.text(client, "id")));
        }
    }

    private void addDirectly(ConfigOption config, String name) {
        Instant now = ClientTables.now();
        Client client =
                new Client(
                        Ids.next(),
                        ClientTables.requireName(name),
                        Client.Limits.AS_CONFIGURED,
                        now,
                        now,
                        null);
        try (ClientTables tables = ClientTables.open(config)) {
            tables.clients().insert(client);
            tables.record(client.id(), "clients add", "/v1/clients/" + client.id());
        } catch (NameTakenException e) {
            throw new CommandFailedException("there is already a client named " + name, e);
        }
        spec.commandLine().getOut().println(client.id());
    }

    @Command(
            name = "erase",
            description = {
                "Erases a client with its keys, accounts, webhooks and events; by the API alone.",
                "It cannot be undone, so --yes is needed."
            },
            mixinStandardHelpOptions = true)
    void erase(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "CLIENT", description = CLIENT) String client,
            @Option(names = "--yes", description = "that it is meant") boolean yes) {
        if (!yes) {
            throw ApiFailure.usage("erasing a client cannot be undone: add --yes if it is meant");
        }
        Output output = options.output();
        try (Api api = options.open()) {
            String id = new Clients(api).idOf(client);
            output.document(
                    api.call("DELETE", Parameters.path(PATH, id), null).json(),
                    erased -> output.say("Client " + id + " is being erased."));
        }
    }
}
