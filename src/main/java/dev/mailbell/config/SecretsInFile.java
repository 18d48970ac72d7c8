package dev.mailbell.config;

import dev.mailbell.config.ConfigurationLoader.Loaded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Optional;

/** Finds secrets in a configuration file that every user of the machine can read. */
final class SecretsInFile {
    private SecretsInFile() {}

    /**
     * What to warn of; empty when the file has no secret, or others cannot read it. No value is in
     * it.
     */
    static Optional<String> warning(Path file, Loaded loaded) {
        List<String> keys =
                loaded.sources().entrySet().stream()
                        .filter(source -> source.getValue().startsWith(file + ":"))
                        .map(source -> source.getKey())
                        .filter(key ->
                                ConfigurationEntry.holdsSecret(
                                        key, loaded.values().getOrDefault(key, "")))
                        .sorted()
                        .toList();
        return keys.isEmpty() || !othersCanRead(file)
                ? Optional.empty()
                : Optional.of(
                        "every user of this machine can read "
                                + file
                                + ", which has "
                                + String.join(", ", keys)
                                + ": take that right away (chmod o= "
                                + file
                                + "), or move the secrets to variables");
    }

    private static boolean othersCanRead(Path file) {
        try {
            return Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ);
        } catch (UnsupportedOperationException | IOException e) {
            // A system without these rights, or the file went meanwhile: nothing can be said.
            return false;
        }
    }
}
