package dev.mailbell.cli.database;

import dev.mailbell.cli.api.ApiOptions;
import dev.mailbell.cli.config.ConfigOption;
import dev.mailbell.cli.config.DatabaseOption;
import dev.mailbell.cli.terminal.CommandFailedException;
import dev.mailbell.cli.terminal.Printable;
import dev.mailbell.client.ApiKey;
import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.Client;
import dev.mailbell.client.KeyText;
import dev.mailbell.client.Scope;
import dev.mailbell.event.Ids;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "api-keys",
        description = {
            "Shows, adds, rotates and revokes the API keys of a client.",
            "By the API of a running daemon where an option or a variable names the API or a key, else"
                    + " directly in the database, which a running daemon follows within seconds."
        },
        mixinStandardHelpOptions = true,
        addMethodSubcommands = false)
public final class ApiKeysCommand implements Runnable {
    private static final String CLIENT = "the client's id or name";

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What about the API keys?");
    }

    @Command(
            name = "list",
            description = "Lists the keys of a client: id, beginning, name, scopes, expiry.",
            mixinStandardHelpOptions = true)
    void list(
            @Mixin ConfigOption config,
            @Mixin DatabaseOption database,
            @Mixin ApiOptions options,
            @Parameters(paramLabel = "CLIENT", description = CLIENT) String client) {
        if (!database.isChosen(config, options)) {
            ApiKeysByApi.list(options, client);
            return;
        }
        PrintWriter out = spec.commandLine().getOut();
        try (ClientTables tables = ClientTables.open(config)) {
            UUID id = tables.client(client).id();
            for (ApiKey key : tables.keys().list(id, null, ApiKeyStore.MAX_PER_CLIENT)) {
                out.println(
                        "%s  %s…  %s  %s%s"
                                .formatted(
                                        key.id(),
                                        key.prefix(),
                                        Printable.of(key.name()),
                                        String.join(",", Scope.wireNames(key.scopes())),
                                        key.expiresAt() == null
                                                ? ""
                                                : "  until " + key.expiresAt()));
            }
        }
    }

    @Command(
            name = "add",
            description = "Adds a key and prints it; it is never shown again.",
            mixinStandardHelpOptions = true)
    void add(
            @Mixin ConfigOption config,
            @Mixin DatabaseOption database,
            @Mixin ApiOptions options,
            @Parameters(paramLabel = "CLIENT", description = CLIENT) String client,
            @Option(
                            names = "--name",
                            description = "by which people recognise the key",
                            required = true)
                    String name,
            @Option(
                            names = "--scopes",
                            split = ",",
                            description = "scopes or bundles; default: read,write",
                            defaultValue = "read,write")
                    List<String> scopes,
            @Option(
                            names = "--days",
                            description = "how long the key is valid; default: without end")
                    @Nullable Integer days) {
        Instant now = ClientTables.now();
        @Nullable Instant end = end(days, now);
        if (!database.isChosen(config, options)) {
            ApiKeysByApi.add(options, client, name, scopes, end);
            return;
        }
        KeyText text = KeyText.random();
        try (ClientTables tables = ClientTables.open(config)) {
            Client owner = tables.client(client);
            ApiKey key =
                    new ApiKey(
                            Ids.next(),
                            owner.id(),
                            ClientTables.requireName(name),
                            scopes(scopes),
                            text.shown(),
                            now,
                            end,
                            null,
                            null);
            if (!tables.keys().insert(key, text)) {
                throw new CommandFailedException(
                        "the client is being erased, or has "
                                + ApiKeyStore.MAX_PER_CLIENT
                                + " keys: revoke some first",
                        null);
            }
            tables.record(owner.id(), "api-keys add", path(key));
        }
        spec.commandLine().getOut().println(text.reveal());
    }

    private Set<Scope> scopes(List<String> names) {
        Map<String, Set<Scope>> grantable = Scope.grantable();
        Set<Scope> scopes = EnumSet.noneOf(Scope.class);
        for (String name : names) {
            Set<Scope> granted = grantable.get(name);
            if (granted == null) {
                throw new ParameterException(
                        spec.commandLine(),
                        "\"%s\" is not a scope; there are %s"
                                .formatted(name, String.join(", ", grantable.keySet())));
            }
            scopes.addAll(granted);
        }
        return scopes;
    }

    private @Nullable Instant end(@Nullable Integer days, Instant now) {
        if (days == null) {
            return null;
        }
        if (days < 1 || days > 36_500) {
            throw new ParameterException(
                    spec.commandLine(), "--days must be 1 to 36500, is " + days);
        }
        return now.plus(Duration.ofDays(days));
    }

    @Command(
            name = "rotate",
            description = {
                "Gives a key a new text and prints it; it is never shown again.",
                "The text before is accepted for 24 hours more."
            },
            mixinStandardHelpOptions = true)
    void rotate(
            @Mixin ConfigOption config,
            @Mixin DatabaseOption database,
            @Mixin ApiOptions options,
            @Parameters(paramLabel = "CLIENT", description = CLIENT) String client,
            @Parameters(paramLabel = "KEY", description = "the key's id") UUID keyId) {
        if (!database.isChosen(config, options)) {
            ApiKeysByApi.rotate(options, client, keyId.toString());
            return;
        }
        KeyText text = KeyText.random();
        Instant now = ClientTables.now();
        try (ClientTables tables = ClientTables.open(config)) {
            UUID owner = tables.client(client).id();
            if (tables.keys().find(owner, keyId).isEmpty()) {
                throw unknown();
            }
            ApiKey rotated =
                    tables.keys()
                            .rotate(
                                    owner,
                                    keyId,
                                    text,
                                    null,
                                    now.plus(ApiKeyStore.PREVIOUS_LIFE),
                                    now)
                            .orElseThrow(() ->
                                    new CommandFailedException(
                                            "the key has expired: add a new one", null));
            tables.record(owner, "api-keys rotate", path(rotated));
        }
        spec.commandLine().getOut().println(text.reveal());
    }

    @Command(name = "revoke", description = "Revokes a key.", mixinStandardHelpOptions = true)
    void revoke(
            @Mixin ConfigOption config,
            @Mixin DatabaseOption database,
            @Mixin ApiOptions options,
            @Parameters(paramLabel = "CLIENT", description = CLIENT) String client,
            @Parameters(paramLabel = "KEY", description = "the key's id") UUID keyId) {
        if (!database.isChosen(config, options)) {
            ApiKeysByApi.revoke(options, client, keyId.toString());
            return;
        }
        try (ClientTables tables = ClientTables.open(config)) {
            UUID owner = tables.client(client).id();
            ApiKey key = tables.keys().find(owner, keyId).orElseThrow(ApiKeysCommand::unknown);
            if (!tables.keys().delete(owner, keyId)) {
                throw unknown();
            }
            tables.record(owner, "api-keys revoke", path(key));
        }
        spec.commandLine().getOut().println("The key is revoked.");
    }

    private static CommandFailedException unknown() {
        return new CommandFailedException("the client has no key with this id", null);
    }

    private static String path(ApiKey key) {
        return "/v1/clients/" + key.clientId() + "/keys/" + key.id();
    }
}
