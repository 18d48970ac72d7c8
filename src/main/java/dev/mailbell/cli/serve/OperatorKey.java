package dev.mailbell.cli.serve;

import dev.mailbell.cli.terminal.CommandFailedException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;

/**
 * The operator's API key: from the environment, or else generated at the first start and stored in
 * the data directory.
 */
final class OperatorKey {
    private static final String FILE = "admin.key";
    private static final int MIN_LENGTH = 16;

    private OperatorKey() {}

    /**
     * @param file the file that the key was read from; empty for a key of the environment
     */
    record Found(String key, Optional<Path> file) {
        @Override
        public String toString() {
            return "Found[redacted]";
        }
    }

    /** The file of a generated key. */
    static Path file(Path dataDir) {
        return dataDir.resolve(FILE);
    }

    /** The fault of a key; empty for a valid key and for a blank one, which counts as unset. */
    static Optional<String> fault(String key) {
        boolean good =
                key.isBlank()
                        || key.length() >= MIN_LENGTH
                                && key.chars().allMatch(c -> c > ' ' && c <= '~');
        return good
                ? Optional.empty()
                : Optional.of("must be at least " + MIN_LENGTH + " visible ASCII characters");
    }

    /** The same of a key in the file, which must not be blank. */
    static Optional<String> faultOfFile(String key) {
        return key.isBlank()
                ? Optional.of("is empty: delete it, and the next start makes another key")
                : fault(key);
    }

    static Found find(String environment, Path dataDir) {
        if (!environment.isBlank()) {
            Optional<String> fault = fault(environment);
            if (fault.isPresent()) {
                throw new CommandFailedException("MAILBELL_ADMIN_KEY " + fault.get(), null);
            }
            return new Found(environment, Optional.empty());
        }
        Path file = file(dataDir);
        try {
            if (!Files.exists(file)) {
                generate(file);
            }
            return new Found(Files.readString(file).strip(), Optional.of(file));
        } catch (IOException e) {
            throw new CommandFailedException(
                    "the operator's key cannot be kept in "
                            + file
                            + " ("
                            + e
                            + "): make the directory writable, or name another one with dataDir"
                            + " (MAILBELL_DATA_DIR)",
                    e);
        }
    }

    private static void generate(Path file) throws IOException {
        byte[] random = new byte[24];
        new SecureRandom().nextBytes(random);
        String key = "mbk_" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        Files.createDirectories(file.toAbsolutePath().getParent());
        var ownerOnly =
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        Path fresh =
                Files.createTempFile(file.toAbsolutePath().getParent(), FILE, ".new", ownerOnly);
        try {
            Files.writeString(fresh, key + "\n", StandardOpenOption.SYNC);
            // A link, not a move: when two daemons start at once, only the first key is stored.
            Files.createLink(file, fresh);
        } catch (FileAlreadyExistsException other) {
            // The other daemon's key is used.
            return;
        } finally {
            Files.deleteIfExists(fresh);
        }
    }
}
