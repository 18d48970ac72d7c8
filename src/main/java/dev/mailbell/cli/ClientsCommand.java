package dev.mailbell.cli;

import dev.mailbell.client.Client;
import dev.mailbell.client.NameTakenException;
import dev.mailbell.event.Ids;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "clients",
        description = {
            "Shows and adds clients, directly in the database.",
            "The API can do the same, and more: docs/clients.md."
        },
        mixinStandardHelpOptions = true)
final class ClientsCommand implements Runnable {
    private static final int PAGE = 500;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What about the clients?");
    }

    @Command(
            name = "list",
            description = "Lists the clients: id, name, state.",
            mixinStandardHelpOptions = true)
    void list(@Mixin ConfigOption config) {
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
        return client.id() + "  " + client.name() + (erasing == null ? "" : "  (being erased)");
    }

    @Command(
            name = "add",
            description = "Adds a client and prints its id.",
            mixinStandardHelpOptions = true)
    void add(
            @Mixin ConfigOption config,
            @Parameters(paramLabel = "NAME", description = "unique among the clients")
                    String name) {
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
}
