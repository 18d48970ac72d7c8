package dev.mailbell.cli;

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
 * The operator's key: from the environment, else made at the first start and kept beside the data.
 */
final class OperatorKey {
    private static final String FILE = "admin.key";
    private static final int SHORTEST = 16;

    private OperatorKey() {}

    /**
     * @param file where the key was read from; empty when the environment gave it
     */
    record Found(String key, Optional<Path> file) {
        @Override
        public String toString() {
            return "Found[redacted]";
        }
    }

    /** Where a key is kept that the environment does not give. */
    static Path file(Path dataDir) {
        return dataDir.resolve(FILE);
    }

    /** What is wrong with a key; empty for a good one, and where none is given. */
    static Optional<String> fault(String key) {
        boolean good =
                key.isBlank()
                        || key.length() >= SHORTEST
                                && key.chars().allMatch(c -> c > ' ' && c <= '~');
        return good
                ? Optional.empty()
                : Optional.of("must be at least " + SHORTEST + " visible ASCII characters");
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
                make(file);
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

    private static void make(Path file) throws IOException {
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
            // A link, not a move: of two daemons that start at once, one key remains.
            Files.createLink(file, fresh);
        } catch (FileAlreadyExistsException other) {
            // The other daemon's key counts.
            return;
        } finally {
            Files.deleteIfExists(fresh);
        }
    }
}
