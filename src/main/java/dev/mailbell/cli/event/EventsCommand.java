package dev.mailbell.cli.event;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.ApiOptions;
import dev.mailbell.cli.api.DurationText;
import dev.mailbell.cli.api.Moments;
import dev.mailbell.cli.api.Output;
import dev.mailbell.cli.api.Parameters;
import dev.mailbell.cli.terminal.Signals;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

@Command(
        name = "events",
        description = "Shows events, and follows them as they happen, at a running daemon.",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false)
public final class EventsCommand implements Runnable {
    private static final String FEED = "/v1/events";

    @Spec private CommandSpec spec = CommandSpec.create();

    /** For picocli. */
    public EventsCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What about the events?");
    }

    /** Which events. */
    static final class Filter {
        @Option(
                names = "--type",
                paramLabel = "TYPE",
                description = "only events of this type, such as mail.new")
        private @Nullable String type;

        @Option(
                names = "--account",
                paramLabel = "ID",
                description = "only events of the account with this id")
        private @Nullable String account;

        @Option(
                names = "--after",
                paramLabel = "ID",
                description = "only events after the one with this id")
        private @Nullable String after;

        @Option(
                names = "--since",
                paramLabel = "TIME",
                description =
                        "only events since, as 2026-11-20T23:59:07Z or as a duration before now such"
                                + " as 2h")
        private @Nullable String since;

        Parameters query() {
            return new Parameters().with("type", type).with("accountId", account);
        }

        @Nullable Instant since(ApiOptions options) {
            if (since == null) {
                return null;
            }
            if (after != null) {
                throw ApiFailure.usage("--after and --since exclude each other");
            }
            return Moments.of(since, options.environment().clock());
        }
    }

    @Command(
            name = "list",
            description = "Lists events, oldest first.",
            mixinStandardHelpOptions = true)
    void list(
            @Mixin ApiOptions options,
            @Mixin Filter filter,
            @Option(
                            names = "--limit",
                            paramLabel = "N",
                            description = "at most so many; default: all",
                            defaultValue = "0")
                    int limit) {
        @Nullable Instant since = filter.since(options);
        int[] shown = new int[1];
        try (Api api = options.open()) {
            @Nullable String after = filter.after;
            if (since != null) {
                after = position(api, options).before(since).orElse(null);
            }
            api.items(
                    FEED,
                    filter.query().with("after", after),
                    since == null ? limit : 0,
                    event -> {
                        if (since == null || !FeedPosition.isBefore(event, since)) {
                            print(options, event);
                            shown[0]++;
                        }
                        return limit == 0 || shown[0] < limit;
                    });
        }
    }

    @Command(
            name = "tail",
            description = {
                "Follows events as they happen, until Ctrl-C (exit code 0).",
                "After a cut, a restart of the daemon or a change to another node it goes on after the"
                        + " last event that it has shown: none is left out."
            },
            mixinStandardHelpOptions = true)
    void tail(
            @Mixin ApiOptions options,
            @Mixin Filter filter,
            @Option(names = "--all", description = "begin with the oldest event that is kept")
                    boolean all,
            @Option(
                            names = "--patience",
                            paramLabel = "DURATION",
                            converter = DurationText.class,
                            description =
                                    "how long to try again after a cut; default: ${DEFAULT-VALUE}",
                            defaultValue = "1h")
                    Duration patience) {
        @Nullable Instant since = filter.since(options);
        if (all && (since != null || filter.after != null)) {
            throw ApiFailure.usage("--all excludes --after and --since");
        }
        PrintWriter err = spec.commandLine().getErr();
        try (Api api = options.open()) {
            Tail tail =
                    new Tail(
                            api,
                            filter.query(),
                            patience,
                            event -> {
                                if (since == null || !FeedPosition.isBefore(event, since)) {
                                    print(options, event);
                                }
                            },
                            notice -> {
                                err.println("mailbell: " + notice);
                                err.flush();
                            });
            Signals.onStop(tail::stop);
            tail.run(first(api, options, filter.after, since, all));
        }
    }

    private static @Nullable String first(
            Api api,
            ApiOptions options,
            @Nullable String after,
            @Nullable Instant since,
            boolean all) {
        if (after != null || all) {
            return after;
        }
        FeedPosition position = position(api, options);
        return (since == null ? position.newest() : position.before(since)).orElse(null);
    }

    private static FeedPosition position(Api api, ApiOptions options) {
        return new FeedPosition(api, options.environment().clock());
    }

    private static void print(ApiOptions options, JsonNode event) {
        Output output = options.output();
        output.document(event, each -> output.painted(EventText.of(each, output.terminal())));
    }
}
