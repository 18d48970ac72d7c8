package dev.mailbell.database;

import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** The row of a client as a lock for what is added to it. */
public final class ClientRow {
    private ClientRow() {}

    /**
     * Locks it until the transaction ends, so that of transactions that add something to the client
     * at the same time, also at two nodes, each sees what the others have added.
     */
    public static void lock(Handle handle, UUID client) {
        handle.createQuery("select id from client where id = :client for no key update")
                .bind("client", client)
                .mapTo(UUID.class)
                .findOne();
    }
}
