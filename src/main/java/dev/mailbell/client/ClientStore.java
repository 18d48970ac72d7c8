package dev.mailbell.client;

import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/** The table of clients. */
public final class ClientStore {
    /**
     * The client that the operator's key acts as, unless the request names another. The first
     * migration creates it.
     */
    public static final UUID DEFAULT = UUID.fromString("00000000-0000-7000-8000-000000000000");

    private final Jdbi jdbi;

    public ClientStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Whether there is such a client, and it is not being erased. */
    public boolean exists(UUID id) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "select exists (select from client where id = :id and erasing_since is null)")
                        .bind("id", id)
                        .mapTo(Boolean.class)
                        .one());
    }
}
