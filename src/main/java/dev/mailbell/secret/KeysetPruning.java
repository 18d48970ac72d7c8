package dev.mailbell.secret;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** Removes keys that no value of the database needs. */
public final class KeysetPruning {
    /** Longer than any statement of a daemon, so that none still writes a value of an older key. */
    private static final Duration SETTLED = Duration.ofMinutes(2);

    private final Jdbi jdbi;
    private final Keyring keyring;
    private final KeysetRegister register;
    private final List<EncryptedColumn> columns;
    private final InstantSource clock;

    public KeysetPruning(
            Jdbi jdbi,
            Keyring keyring,
            KeysetRegister register,
            List<EncryptedColumn> columns,
            InstantSource clock) {
        this.jdbi = jdbi;
        this.keyring = keyring;
        this.register = register;
        this.columns = List.copyOf(columns);
        this.clock = clock;
    }

    /**
     * Removes all keys but the one that encrypts.
     *
     * @param to null to change the keyset where it is; else a new file for the keyset without these
     *     keys
     * @return the ids of the removed keys
     * @throws KeyringException when a value needs one of them, or no daemon works with the new key
     *     yet
     */
    public Set<String> prune(@Nullable Path to) {
        Set<String> old =
                keyring.keys().stream()
                        .filter(key -> !key.primary())
                        .map(KeyInfo::id)
                        .collect(Collectors.toUnmodifiableSet());
        if (old.isEmpty()) {
            return old;
        }
        requireSettled();
        columns.forEach(column -> requireUnused(column, old));
        if (to == null) {
            register.forget(old);
            keyring.remove(old);
        } else {
            keyring.writeWithout(old, to);
            register.forget(old);
        }
        return old;
    }

    private void requireSettled() {
        String primary = keyring.primary();
        Optional<Instant> since = register.since(primary);
        if (since.isEmpty() || clock.instant().isBefore(since.get().plus(SETTLED))) {
            throw new KeyringException(
                    since.isEmpty()
                            ? "no daemon works with key "
                                    + primary
                                    + " yet: start one, and let it encrypt the secrets anew"
                            : "key "
                                    + primary
                                    + " has been in use since "
                                    + since.get()
                                    + " only: try again in two minutes");
        }
    }

    private void requireUnused(EncryptedColumn column, Set<String> old) {
        column.counts(jdbi)
                .forEach((key, number) -> {
                    if (old.contains(key)) {
                        throw new KeyringException(
                                number
                                        + " values of "
                                        + column
                                        + " still need key "
                                        + key
                                        + ": a running daemon encrypts them anew (\"keyset status\""
                                        + " shows how far it is)");
                    }
                });
    }
}
