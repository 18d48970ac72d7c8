package dev.mailbell.cli.webhook;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiOptions;
import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.EachOf;
import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.api.Output;
import dev.mailbell.cli.api.Parameters;
import dev.mailbell.cli.terminal.Column;
import dev.mailbell.cli.terminal.Table;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "webhooks",
        description = "Shows, adds, tests and changes webhooks at a running daemon.",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false)
public final class WebhooksCommand implements Runnable {
    private static final String PATH = "/v1/webhooks";
    private static final String ONE = "the webhook's id";
    private static final String SEVERAL = "ids of webhooks";

    @Spec private CommandSpec spec = CommandSpec.create();

    /** For picocli. */
    public WebhooksCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What about the webhooks?");
    }

    @Command(
            name = "list",
            description = "Lists webhooks in the order of their creation.",
            mixinStandardHelpOptions = true)
    void list(@Mixin ApiOptions options) {
        Output output = options.output();
        Table table =
                output.table(
                        Column.whole("ID"),
                        Column.whole("STATE"),
                        Column.text("URL", 20),
                        Column.text("EVENTS", 8).droppedAs(1),
                        Column.text("LAST ERROR", 12).droppedAs(2));
        try (Api api = options.open()) {
            output.list(
                    api,
                    PATH,
                    new Parameters(),
                    0,
                    table,
                    webhook ->
                            new Table.Cell[] {
                                Table.Cell.of(Documents.text(webhook, "id")),
                                States.webhook(webhook),
                                Table.Cell.of(Documents.text(webhook, "url")),
                                Table.Cell.of(States.joined(webhook.path("events"))),
                                Table.Cell.of(Documents.text(webhook, "lastError"))
                            });
        }
    }

    @Command(
            name = "show",
            description = "Shows a webhook, without its secret.",
            mixinStandardHelpOptions = true)
    void show(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "WEBHOOK", description = ONE) String webhook) {
        try (Api api = options.open()) {
            options.output().details(api.get(Parameters.path(PATH, webhook)));
        }
    }

    @Command(
            name = "add",
            description = {
                "Adds a webhook and prints its id and its secret,",
                "with which receivers verify signatures; it is never shown again."
            },
            mixinStandardHelpOptions = true)
    void add(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "URL", description = "where events are sent to")
                    String url,
            @Option(
                            names = "--event",
                            paramLabel = "TYPE",
                            description =
                                    "a type of event, or * for all; may be repeated; default:"
                                            + " mail.new",
                            defaultValue = "mail.new")
                    List<String> events,
            @Option(
                            names = "--account",
                            paramLabel = "ID",
                            description = "only events of this account; may be repeated")
                    @Nullable List<String> accounts,
            @Option(
                            names = "--label",
                            paramLabel = "NAME=VALUE",
                            description =
                                    "only events of accounts with this label; may be repeated")
                    @Nullable Map<String, String> labels,
            @Option(names = "--description", paramLabel = "TEXT", description = "for people")
                    @Nullable String description) {
        ObjectNode webhook = Documents.object();
        webhook.put("url", url);
        ArrayNode types = webhook.putArray("events");
        events.forEach(types::add);
        if (accounts != null) {
            ArrayNode ids = webhook.putArray("accounts");
            accounts.forEach(ids::add);
        }
        if (labels != null) {
            ObjectNode named = webhook.putObject("labels");
            new TreeMap<>(labels).forEach(named::put);
        }
        if (description != null) {
            webhook.put("description", description);
        }
        Output output = options.output();
        try (Api api = options.open()) {
            output.document(
                    api.post(PATH, webhook),
                    added -> {
                        output.say("id: " + Documents.text(added, "id"));
                        output.say("secret: " + Documents.text(added, "secret"));
                    });
        }
    }

    @Command(
            name = "test",
            description = {
                "Sends webhook.test now and shows the attempt.",
                "Exits with 1 where it was not delivered."
            },
            mixinStandardHelpOptions = true)
    int test(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "WEBHOOK", description = ONE) String webhook) {
        Output output = options.output();
        try (Api api = options.open()) {
            JsonNode attempt = api.post(Parameters.path(PATH, webhook, "test"), null);
            boolean delivered = attempt.path("delivered").booleanValue(false);
            output.document(
                    attempt,
                    each ->
                            output.say(
                                    (delivered ? "Delivered: " : "Not delivered: ")
                                            + States.attempt(each)));
            return delivered ? ExitCodes.DONE : ExitCodes.FAILED;
        }
    }

    @Command(
            name = "enable",
            description = "Enables failing and disabled webhooks again.",
            mixinStandardHelpOptions = true)
    int enable(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "WEBHOOK", arity = "1..*", description = SEVERAL)
                    List<String> webhooks) {
        return switchTo(options, webhooks, "enabled");
    }

    @Command(
            name = "disable",
            description = "Disables webhooks: their deliveries wait.",
            mixinStandardHelpOptions = true)
    int disable(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "WEBHOOK", arity = "1..*", description = SEVERAL)
                    List<String> webhooks) {
        return switchTo(options, webhooks, "disabled");
    }

    private int switchTo(ApiOptions options, List<String> webhooks, String state) {
        Output output = options.output();
        try (Api api = options.open()) {
            return EachOf.run(
                    webhooks,
                    spec.commandLine().getErr(),
                    id ->
                            output.document(
                                    api.patch(
                                            Parameters.path(PATH, id),
                                            Documents.object().put("state", state)),
                                    webhook ->
                                            output.say(
                                                    Documents.text(webhook, "url")
                                                            + " is "
                                                            + Documents.text(webhook, "state")
                                                            + ".")));
        }
    }

    @Command(
            name = "rotate-secret",
            description = {
                "Gives a webhook a new secret and prints it; it is never shown again.",
                "For 24 hours the one before signs too."
            },
            mixinStandardHelpOptions = true)
    void rotateSecret(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "WEBHOOK", description = ONE) String webhook) {
        Output output = options.output();
        try (Api api = options.open()) {
            output.document(
                    api.post(Parameters.path(PATH, webhook, "rotate"), null),
                    rotated -> output.say(Documents.text(rotated, "secret")));
        }
    }

    @Command(
            name = "remove",
            description = "Removes webhooks with their pending deliveries.",
            mixinStandardHelpOptions = true)
    int remove(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "WEBHOOK", arity = "1..*", description = SEVERAL)
                    List<String> webhooks) {
        Output output = options.output();
        try (Api api = options.open()) {
            return EachOf.run(
                    webhooks,
                    spec.commandLine().getErr(),
                    id -> {
                        api.delete(Parameters.path(PATH, id));
                        output.say("Removed webhook " + id + ".");
                    });
        }
    }
}
