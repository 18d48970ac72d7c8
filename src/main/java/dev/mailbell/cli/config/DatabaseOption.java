package dev.mailbell.cli.config;

import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.ApiOptions;
import picocli.CommandLine.Option;

/**
 * Whether a command about clients and keys calls the API or works on the database itself, which is
 * the way for the case that no key works.
 */
public final class DatabaseOption {
    @Option(
            names = "--database",
            description =
                    "work on the database directly, beside a running daemon or without one, as --config"
                            + " does; default: only where no option or variable names an API or a key")
    private boolean database;

    public boolean isChosen(ConfigOption config, ApiOptions options) {
        boolean direct = database || config.isGiven() || !options.isApiNamed();
        if (direct && options.json()) {
            throw ApiFailure.usage(
                    "--json is for the API: name a key with MAILBELL_KEY or --key-file, and leave"
                            + " --database and --config out");
        }
        return direct;
    }
}
