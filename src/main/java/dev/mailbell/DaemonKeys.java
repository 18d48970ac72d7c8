package dev.mailbell;

import dev.mailbell.database.RecurringTask;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.KeysetPlace;
import dev.mailbell.secret.KeysetRegister;
import dev.mailbell.secret.Reencryption;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.Jdbi;

/** The daemon's keyset, and the thread that takes up a new key and encrypts all secrets anew. */
final class DaemonKeys {
    /** How soon a running daemon takes up the key of {@code keyset rotate}. */
    private static final Duration INTERVAL = Duration.ofSeconds(2);

    private final Jdbi jdbi;
    private final KeysetRegister register;
    private final Keyring keyring;

    private DaemonKeys(Jdbi jdbi, KeysetRegister register, Keyring keyring) {
        this.jdbi = jdbi;
        this.register = register;
        this.keyring = keyring;
    }

    /**
     * @param file where the keyset is, unless the environment has it
     * @throws dev.mailbell.secret.KeyringException when the database has secrets of other keys
     */
    static DaemonKeys open(Path file, Jdbi jdbi) {
        Keyring keyring = Keyring.open(KeysetPlace.of(file, System.getenv()));
        KeysetRegister register = new KeysetRegister(jdbi);
        register.claim(keyring);
        return new DaemonKeys(jdbi, register, keyring);
    }

    Keyring keyring() {
        return keyring;
    }

    /**
     * Starts the thread.
     *
     * @param allowed whether this daemon may write now
     * @return ends it
     */
    Runnable start(BooleanSupplier allowed, MeterRegistry meters, InstantSource clock) {
        Reencryption reencryption =
                new Reencryption(
                        jdbi, keyring, register, EncryptedColumns.ALL, allowed, meters, clock);
        RecurringTask task = new RecurringTask("keys", INTERVAL, reencryption::run);
        return () -> {
            reencryption.close();
            task.close();
        };
    }
}
