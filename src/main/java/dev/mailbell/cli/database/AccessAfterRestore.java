package dev.mailbell.cli.database;

import dev.mailbell.cli.terminal.Printable;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/**
 * The API keys that a restored database accepts: the backup does not know which of them were
 * revoked or rotated since.
 *
 * @param keys the oldest ones, with the names of their clients; bounded
 */
record AccessAfterRestore(List<Key> keys, int count) {
    private static final int SHOWN = 50;

    AccessAfterRestore {
        keys = List.copyOf(keys);
    }

    record Key(UUID id, String client, String name, String prefix, Instant createdAt) {}

    static AccessAfterRestore of(Jdbi jdbi) {
        return jdbi.withHandle(handle ->
                new AccessAfterRestore(
                        handle.createQuery(
                                        """
                                        select k.id, c.name as client, k.name, k.prefix, k.created_at
                                        from api_key k join client c on c.id = k.client_id
                                        where coalesce(k.expires_at > now(), true)
                                        order by k.id limit :shown\
                                        """)
                                .bind("shown", SHOWN)
                                .map((row, context) ->
                                        new Key(
                                                row.getObject("id", UUID.class),
                                                row.getString("client"),
                                                row.getString("name"),
                                                row.getString("prefix"),
                                                row.getObject("created_at", OffsetDateTime.class)
                                                        .toInstant()))
                                .list(),
                        handle.createQuery(
                                        "select count(*) from api_key where coalesce(expires_at > now(), true)")
                                .mapTo(Integer.class)
                                .one()));
    }

    void print(PrintWriter out) {
        out.println("Portal links are gone, and everybody signs in to the pages again.");
        if (count == 0) {
            return;
        }
        out.printf(
                "%,d API keys of that time are accepted; revoke again what was revoked since, and rotate"
                        + " what was rotated:%n",
                count);
        keys.forEach(key ->
                out.printf(
                        "  %s  %s…  %s of %s, made %s%n",
                        key.id,
                        key.prefix,
                        Printable.of(key.name),
                        Printable.of(key.client),
                        key.createdAt));
        if (count > keys.size()) {
            out.printf("  and %,d more: mailbell api-keys list CLIENT%n", count - keys.size());
        }
    }
}
