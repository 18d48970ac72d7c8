package dev.mailbell.cli.account;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiOptions;
import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.EachOf;
import dev.mailbell.cli.api.Output;
import dev.mailbell.cli.api.Parameters;
import dev.mailbell.cli.csv.ImportOptions;
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
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "accounts",
        description = "Shows, registers and changes accounts at a running daemon.",
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false)
public final class AccountsCommand implements Runnable {
    private static final String ONE = "the account's id or ref";
    private static final String SEVERAL = "ids or refs of accounts";

    @Spec private CommandSpec spec = CommandSpec.create();

    /** For picocli. */
    public AccountsCommand() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What about the accounts?");
    }

    @Command(
            name = "list",
            description = "Lists accounts in the order of their registration.",
            mixinStandardHelpOptions = true)
    void list(
            @Mixin ApiOptions options,
            @Option(
                            names = "--state",
                            paramLabel = "STATE",
                            description =
                                    "only accounts that are connecting, watching, retrying, parked"
                                            + " or paused")
                    @Nullable String state,
            @Option(names = "--ref", paramLabel = "REF", description = "only the one with this ref")
                    @Nullable String ref,
            @Option(
                            names = "--host",
                            paramLabel = "HOST",
                            description = "only accounts at this mail server")
                    @Nullable String host,
            @Option(
                            names = "--label",
                            paramLabel = "NAME=VALUE",
                            description = "only accounts with this label; may be repeated")
                    @Nullable Map<String, String> labels,
            @Option(
                            names = "--limit",
                            paramLabel = "N",
                            description = "at most so many; default: all",
                            defaultValue = "0")
                    int limit) {
        Parameters query =
                new Parameters().with("state", state).with("ref", ref).with("host", host);
        new TreeMap<>(labels == null ? Map.of() : labels)
                .forEach((name, value) -> query.with("label", name + ":" + value));
        Output output = options.output();
        try (Api api = options.open()) {
            output.list(
                    api,
                    Accounts.PATH,
                    query,
                    limit,
                    AccountTables.accounts(output),
                    AccountTables::account);
        }
    }

    @Command(
            name = "show",
            description = {
                "Shows an account: its settings, its state, the failure if there is one,",
                "and the marks of its mailboxes. No secret is in it."
            },
            mixinStandardHelpOptions = true)
    void show(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "ACCOUNT", description = ONE) String account) {
        Output output = options.output();
        try (Api api = options.open()) {
            JsonNode found = Accounts.find(api, account);
            output.details(found);
            if (!output.isJson()) {
                JsonNode mailboxes =
                        api.get(
                                Parameters.path(
                                        Accounts.PATH, Documents.text(found, "id"), "mailboxes"));
                ObjectNode marks = Documents.object();
                marks.set("mailboxMarks", mailboxes.path("items"));
                output.details(marks);
            }
        }
    }

    @Command(
            name = "mailboxes",
            description = "Lists the mailboxes of an account with their marks and counts.",
            mixinStandardHelpOptions = true)
    void mailboxes(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "ACCOUNT", description = ONE) String account) {
        Output output = options.output();
        try (Api api = options.open()) {
            output.list(
                    api,
                    Parameters.path(Accounts.PATH, Accounts.idOf(api, account), "mailboxes"),
                    new Parameters(),
                    0,
                    AccountTables.mailboxes(output),
                    AccountTables::mailbox);
        }
    }

    @Command(
            name = "add",
            description = {
                "Registers an account and prints its id; it is checked from then on.",
                "The password is asked for at the terminal, or read from a file or a variable."
            },
            mixinStandardHelpOptions = true)
    void add(@Mixin ApiOptions options, @Mixin RegistrationOptions registration) {
        registration.register(options);
    }

    @Command(
            name = "verify",
            description = {
                "Tries a login from the daemon and shows what it finds; stores nothing.",
                "Exits with 1 where the login does not work."
            },
            mixinStandardHelpOptions = true)
    int verify(@Mixin ApiOptions options, @Mixin RegistrationOptions registration) {
        return registration.verify(options);
    }

    @Command(
            name = "import",
            description = {
                "Registers the accounts of a CSV file (UTF-8), whose first line names the columns:",
                "address; ref, protocol, host, port, security, username, password, egress, tls.verify;"
                        + " oauth2.app, oauth2.provider, oauth2.clientId, oauth2.clientSecret,"
                        + " oauth2.refreshToken, oauth2.tokenUrl, oauth2.scope; mailboxes (with ;"
                        + " between them), push, interval, envelopes; label.NAME. Only address must be"
                        + " there; an empty cell means the default. A row without a ref gets its address"
                        + " for it.",
                "An import that was cut off is run again: accounts that are there are skipped, by ref.",
                "Exits with 8 where rows failed and the others were imported."
            },
            mixinStandardHelpOptions = true)
    int importFile(@Mixin ApiOptions options, @Mixin ImportOptions file) {
        return file.run(options, spec.commandLine().getErr());
    }

    @Command(
            name = "check",
            description = {
                "Checks accounts now, outside of their schedule, and shows what was found.",
                "New messages are announced as always."
            },
            mixinStandardHelpOptions = true)
    int check(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "ACCOUNT", arity = "1..*", description = SEVERAL)
                    List<String> accounts) {
        Output output = options.output();
        return each(options, accounts, "check", answer -> AccountTables.check(output, answer));
    }

    @Command(
            name = "pause",
            description = "Pauses accounts: they are not checked until they are resumed.",
            mixinStandardHelpOptions = true)
    int pause(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "ACCOUNT", arity = "1..*", description = SEVERAL)
                    List<String> accounts) {
        return each(options, accounts, "pause", account -> say(options, account));
    }

    @Command(
            name = "resume",
            description = "Resumes paused and parked accounts: they are checked at once.",
            mixinStandardHelpOptions = true)
    int resume(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "ACCOUNT", arity = "1..*", description = SEVERAL)
                    List<String> accounts) {
        return each(options, accounts, "resume", account -> say(options, account));
    }

    @Command(
            name = "remove",
            description = {
                "Removes accounts with their events and pending deliveries.",
                "The mailboxes themselves are not changed."
            },
            mixinStandardHelpOptions = true)
    int remove(
            @Mixin ApiOptions options,
            @CommandLine.Parameters(paramLabel = "ACCOUNT", arity = "1..*", description = SEVERAL)
                    List<String> accounts) {
        Output output = options.output();
        try (Api api = options.open()) {
            return EachOf.run(
                    accounts,
                    spec.commandLine().getErr(),
                    name -> {
                        JsonNode account = Accounts.find(api, name);
                        api.delete(Parameters.path(Accounts.PATH, Documents.text(account, "id")));
                        output.say("Removed " + described(account) + ".");
                    });
        }
    }

    private int each(
            ApiOptions options, List<String> accounts, String action, DocumentPrinter printer) {
        try (Api api = options.open()) {
            return EachOf.run(
                    accounts,
                    spec.commandLine().getErr(),
                    name -> {
                        String id = Accounts.idOf(api, name);
                        options.output()
                                .document(
                                        api.post(Parameters.path(Accounts.PATH, id, action), null),
                                        printer::print);
                    });
        }
    }

    private interface DocumentPrinter {
        void print(JsonNode document);
    }

    private static void say(ApiOptions options, JsonNode account) {
        options.output().say(described(account) + " is " + Documents.text(account, "state") + ".");
    }

    /** As people know it: the address, and the ref. */
    private static String described(JsonNode account) {
        String ref = Documents.text(account, "ref");
        return Documents.text(account, "address") + (ref.isEmpty() ? "" : " (" + ref + ")");
    }
}
