package dev.mailbell.webhook;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The rows of webhooks as the health of their endpoints, which all nodes share. */
public final class WebhookHealthTable {
    private final Jdbi jdbi;

    public WebhookHealthTable(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    public Optional<Webhook> find(UUID id) {
        return jdbi.withHandle(handle -> WebhookStore.find(handle, id));
    }

    /** Those of these webhooks that exist. */
    public List<Webhook> find(Collection<UUID> ids) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select * from webhook where id = any(:ids)")
                        .bind("ids", ids.toArray(UUID[]::new))
                        .map((row, context) -> WebhookRows.read(row))
                        .list());
    }

    /**
     * Takes the probe of an open circuit breaker: of all nodes that know the same state of the
     * breaker, one does.
     *
     * @param until the time in the row, as this node knows it
     * @param openings the number in the row, as this node knows it
     * @param probeEnds until when no other node may take the probe
     * @return the new row; empty when another node has changed it, or the webhook is disabled
     */
    public Optional<Webhook> takeProbe(
            UUID id, @Nullable Instant until, int openings, Instant probeEnds) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                update webhook set breaker_until = :ends
                                where id = :id and state <> 'disabled' and breaker_openings = :openings
                                    and breaker_until is not distinct from :until::timestamptz
                                returning *\
                                """)
                        .bind("id", id)
                        .bind("ends", probeEnds.atOffset(ZoneOffset.UTC))
                        .bind("openings", openings)
                        .bind("until", until == null ? null : until.atOffset(ZoneOffset.UTC))
                        .map((row, context) -> WebhookRows.read(row))
                        .findOne());
    }
}
