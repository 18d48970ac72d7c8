package dev.mailbell.webhook;

import dev.mailbell.database.ClientRow;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/** Adds webhooks that were exported. Remembers the exported ids, so that none is added twice. */
public final class WebhookImport {
    private final Jdbi jdbi;
    private final WebhookStore webhooks;

    public WebhookImport(Jdbi jdbi) {
        this.jdbi = jdbi;
        this.webhooks = new WebhookStore(jdbi);
    }

    /** Whether a client has imported the webhook with this exported id. */
    public boolean isPresent(UUID clientId, UUID source) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select exists (select from imported
                                    where client_id = :client and source = :source and webhook_id is not null)\
                                """)
                        .bind("client", clientId)
                        .bind("source", source)
                        .mapTo(Boolean.class)
                        .one());
    }

    /** What became of a webhook. */
    public enum Outcome {
        ADDED,
        /** Something is imported under its exported id. */
        IN_USE,
        FULL
    }

    /**
     * Adds a webhook.
     *
     * @param source its id where it was exported
     * @param most how many webhooks its client may have
     */
    public Outcome insert(Webhook webhook, UUID source, long most) {
        return jdbi.inTransaction(handle -> {
            ClientRow.lock(handle, webhook.clientId());
            boolean inUse =
                    handle.createQuery(
                                    """
                                    select exists (select from imported where client_id = :client and source = :source)\
                                    """)
                            .bind("client", webhook.clientId())
                            .bind("source", source)
                            .mapTo(Boolean.class)
                            .one();
            if (inUse) {
                return Outcome.IN_USE;
            }
            if (!webhooks.insert(webhook, most)) {
                return Outcome.FULL;
            }
            handle.createUpdate(
                            """
                            insert into imported (client_id, source, webhook_id) values (:client, :source, :webhook)\
                            """)
                    .bind("client", webhook.clientId())
                    .bind("source", source)
                    .bind("webhook", webhook.id())
                    .execute();
            return Outcome.ADDED;
        });
    }
}
