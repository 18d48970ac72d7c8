package dev.mailbell.cli.webhook;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiOptions;
import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.EachOf;
import dev.mailbell.cli.api.Moments;
import dev.mailbell.cli.api.Output;
import dev.mailbell.cli.api.Parameters;
import dev.mailbell.cli.terminal.Column;
import dev.mailbell.cli.terminal.Table;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "deliveries",
        description = "Shows what was sent to webhooks, and sends it again, at a running daemon.",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false)
public final class DeliveriesCommand implements Runnable {
    private static final String PATH = "/v1/deliveries";
    private static final String WEBHOOKS = "/v1/webhooks";

    @Spec private CommandSpec spec = CommandSpec.create();

    /** For picocli. */
    public DeliveriesCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What about the deliveries?");
    }

    @Command(
            name = "list",
            description = "Lists the deliveries of a webhook, or of each webhook, newest first.",
            mixinStandardHelpOptions = true)
    void list(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(
                            paramLabel = "WEBHOOK",
                            arity = "0..1",
                            description =
                                    "the webhook's id; default: all webhooks, one after the other")
                    @Nullable String webhook,
            @Option(
                            names = "--status",
                            paramLabel = "STATUS",
                            description = "only pending, delivered, failed or superseded ones")
                    @Nullable String status,
            @Option(
                            names = "--account",
                            paramLabel = "ID",
                            description = "only those about this account")
                    @Nullable String account,
            @Option(
                            names = "--since",
                            paramLabel = "TIME",
                            description =
                                    "only those created since, as 2026-11-20T23:59:07Z or as a duration"
                                            + " before now such as 2h")
                    @Nullable String since,
            @Option(
                            names = "--until",
                            paramLabel = "TIME",
                            description = "only those created before")
                    @Nullable String until,
            @Option(
                            names = "--limit",
                            paramLabel = "N",
                            description =
                                    "of each webhook at most so many, 0 for all; default: ${DEFAULT-VALUE}",
                            defaultValue = "50")
                    int limit) {
        Parameters query =
                new Parameters()
                        .with("status", status)
                        .with("account", account)
                        .with("since", time(options, since))
                        .with("until", time(options, until));
        Output output = options.output();
        Table table =
                output.table(
                        Column.whole("ID"),
                        Column.whole("STATUS"),
                        Column.text("EVENT", 8),
                        Column.whole("CREATED").droppedAs(3),
                        Column.whole("TRIES").droppedAs(2),
                        Column.whole("CODE").droppedAs(4),
                        Column.text("ERROR", 10).droppedAs(1));
        try (Api api = options.open()) {
            for (String id : webhook == null ? webhooks(api) : List.of(webhook)) {
                output.list(
                        api,
                        Parameters.path(WEBHOOKS, id, "deliveries"),
                        query,
                        limit,
                        table,
                        delivery ->
                                new Table.Cell[] {
                                    Table.Cell.of(Documents.text(delivery, "id")),
                                    States.delivery(delivery),
                                    Table.Cell.of(Documents.text(delivery, "eventType")),
                                    Table.Cell.of(Documents.instant(delivery, "createdAt")),
                                    Table.Cell.of(Documents.text(delivery, "attemptCount")),
                                    Table.Cell.of(Documents.text(delivery, "lastStatusCode")),
                                    Table.Cell.of(Documents.text(delivery, "lastError"))
                                });
            }
        }
    }

    private static List<String> webhooks(Api api) {
        List<String> ids = new ArrayList<>();
        api.items(WEBHOOKS, new Parameters(), 0, webhook -> ids.add(Documents.text(webhook, "id")));
        return ids;
    }

    private static @Nullable Instant time(ApiOptions options, @Nullable String text) {
        return text == null ? null : Moments.of(text, options.environment().clock());
    }

    @Command(
            name = "show",
            description = "Shows a delivery with every attempt and its answer.",
            mixinStandardHelpOptions = true)
    void show(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "DELIVERY", description = "the delivery's id")
                    String delivery) {
        try (Api api = options.open()) {
            options.output().details(api.get(Parameters.path(PATH, delivery)));
        }
    }

    @Command(
            name = "redeliver",
            description = "Sends deliveries again, with the same id and the same bytes.",
            mixinStandardHelpOptions = true)
    int redeliver(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(
                            paramLabel = "DELIVERY",
                            arity = "1..*",
                            description = "ids of deliveries")
                    List<String> deliveries) {
        Output output = options.output();
        try (Api api = options.open()) {
            return EachOf.run(
                    deliveries,
                    spec.commandLine().getErr(),
                    id ->
                            output.document(
                                    api.post(Parameters.path(PATH, id, "redeliver"), null),
                                    delivery ->
                                            output.say(
                                                    "Delivery "
                                                            + Documents.text(delivery, "id")
                                                            + " is due now.")));
        }
    }

    @Command(
            name = "recover",
            description = "Sends everything again that failed for good since a time.",
            mixinStandardHelpOptions = true)
    void recover(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "WEBHOOK", description = "the webhook's id")
                    String webhook,
            @Option(
                            names = "--since",
                            paramLabel = "TIME",
                            required = true,
                            description =
                                    "as 2026-11-20T23:59:07Z, or a duration before now such as 2h")
                    String since) {
        Output output = options.output();
        try (Api api = options.open()) {
            output.document(
                    api.post(
                            Parameters.path(WEBHOOKS, webhook, "recover"),
                            Documents.object()
                                    .put(
                                            "since",
                                            Moments.of(since, options.environment().clock())
                                                    .toString())),
                    answer ->
                            output.say(
                                    Documents.text(answer, "count")
                                            + " deliveries are sent again."));
        }
    }
}
