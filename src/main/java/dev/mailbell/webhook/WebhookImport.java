package dev.mailbell.webhook;

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

    /**
     * Adds a webhook.
     *
     * @param source its id where it was exported
     */
    public void insert(Webhook webhook, UUID source) {
        jdbi.useTransaction(handle -> {
            webhooks.insert(webhook);
            handle.createUpdate(
                            """
                            insert into imported (client_id, source, webhook_id) values (:client, :source, :webhook)\
                            """)
                    .bind("client", webhook.clientId())
                    .bind("source", source)
                    .bind("webhook", webhook.id())
                    .execute();
        });
    }
}
