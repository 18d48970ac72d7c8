package dev.mailbell.secret;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * The table of the keys that may have encrypted values of a database, so that a wrong or incomplete
 * keyset is reported at the start and not at the first check.
 */
public final class KeysetRegister {
    private final Jdbi jdbi;

    public KeysetRegister(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    private record Registered(String id, String fingerprint, Instant since) {}

    /**
     * Binds the database to the keyset.
     *
     * @throws KeyringException when the keyset lacks a key that has encrypted values; the message
     *     names what to restore
     */
    public void claim(Keyring keyring) {
        jdbi.useTransaction(handle -> {
            // Two daemons that start at once must not bind an empty database to two keysets.
            handle.execute("lock table keyset_key in share row exclusive mode");
            requireAll(read(handle), keyring);
            insert(handle, keyring.keys());
        });
    }

    /** Registers keys before the first of their values is written. */
    public void register(List<KeyInfo> keys) {
        jdbi.useTransaction(handle -> insert(handle, keys));
    }

    private static void insert(Handle handle, List<KeyInfo> keys) {
        for (KeyInfo key : keys) {
            handle.createUpdate(
                            "insert into keyset_key (id, fingerprint) values (:id, :fingerprint) on conflict do nothing")
                    .bind("id", key.id())
                    .bind("fingerprint", key.fingerprint())
                    .execute();
        }
    }

    private static List<Registered> read(Handle handle) {
        return handle.createQuery(
                        "select id, fingerprint, since from keyset_key order by since, id")
                .map((row, context) ->
                        new Registered(
                                row.getString("id"),
                                row.getString("fingerprint"),
                                row.getObject("since", OffsetDateTime.class).toInstant()))
                .list();
    }

    private static void requireAll(List<Registered> registered, Keyring keyring) {
        Map<String, String> present =
                keyring.keys().stream()
                        .collect(Collectors.toMap(KeyInfo::id, KeyInfo::fingerprint));
        List<Registered> missing =
                registered.stream()
                        .filter(key -> !key.fingerprint().equals(present.get(key.id())))
                        .toList();
        if (missing.isEmpty()) {
            return;
        }
        String wanted =
                missing.stream()
                        .map(key -> key.id() + " (in use since " + key.since() + ")")
                        .collect(Collectors.joining(", "));
        throw new KeyringException(
                keyring
                        + (missing.size() == registered.size()
                                ? " is not the one that the secrets in this database were"
                                        + " encrypted with: it has "
                                : " is incomplete: it has ")
                        + String.join(", ", present.keySet().stream().sorted().toList())
                        + " and lacks "
                        + wanted
                        + ". Restore the keyset with these keys from a backup, or take"
                        + " that of the other nodes, and point security.keyset or "
                        + KeysetPlace.VARIABLE
                        + " at it; without them no secret in the database can be read. If they are lost for"
                        + " good: mailbell keyset abandon");
    }

    /** Since when a key may encrypt; empty when no daemon has taken it up. */
    public Optional<Instant> since(String id) {
        return jdbi.withHandle(handle -> read(handle)).stream()
                .filter(key -> key.id().equals(id))
                .map(Registered::since)
                .findFirst();
    }

    /** Forgets keys that no value needs. */
    public void forget(Set<String> ids) {
        jdbi.useHandle(handle ->
                handle.createUpdate("delete from keyset_key where id = any(:ids)")
                        .bind("ids", ids.toArray(String[]::new))
                        .execute());
    }
}
