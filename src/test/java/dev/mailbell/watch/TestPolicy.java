package dev.mailbell.watch;

import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;

/** Polling policies of configurations that a test writes. */
public final class TestPolicy {
    private TestPolicy() {}

    /** Of a configuration file with this content; an empty one has all defaults. */
    public static PollingPolicy of(String yaml) {
        return of(yaml, () -> false);
    }

    /** Of one of several nodes. */
    public static PollingPolicy ofNodes(String yaml, IntSupplier nodes) {
        return of(yaml, () -> false, nodes);
    }

    /** A policy that throws while it is broken. */
    public static PollingPolicy of(String yaml, BooleanSupplier broken) {
        return of(yaml, broken, () -> 1);
    }

    private static PollingPolicy of(String yaml, BooleanSupplier broken, IntSupplier nodes) {
        Configuration configuration = configuration(yaml);
        return new PollingPolicy(
                () -> {
                    if (broken.getAsBoolean()) {
                        throw new IllegalStateException("broken on purpose");
                    }
                    return configuration;
                },
                nodes);
    }

    /** A configuration file with this content. */
    public static Configuration configuration(String yaml) {
        try {
            Path home = Files.createTempDirectory("policy");
            Path file = home.resolve("mailbell.yaml");
            try {
                Files.writeString(file, yaml);
                return new ConfigurationLoader(home, Map.of()).load(file);
            } finally {
                Files.deleteIfExists(file);
                Files.delete(home);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
