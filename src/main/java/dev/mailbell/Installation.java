package dev.mailbell;

import dev.mailbell.secret.Keyring;
import org.jdbi.v3.core.Jdbi;

/**
 * Binds a database to its keyset, so that the wrong keyset is reported at the start and not at the
 * first check.
 */
final class Installation {
    private Installation() {}

    /**
     * @throws dev.mailbell.secret.KeyringException when the database's secrets were encrypted with
     *     another keyset
     */
    static void claim(Jdbi jdbi, Keyring keyring) {
        String stored =
                jdbi.inTransaction(handle -> {
                    handle.createUpdate(
                                    "insert into installation (keyset_fingerprint) values (:fingerprint) on conflict do nothing")
                            .bind("fingerprint", keyring.fingerprint())
                            .execute();
                    return handle.createQuery("select keyset_fingerprint from installation")
                            .mapTo(String.class)
                            .one();
                });
        keyring.requireFingerprint(stored);
    }
}
