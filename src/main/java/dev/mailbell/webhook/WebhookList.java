package dev.mailbell.webhook;

import dev.mailbell.database.Sql;
import dev.mailbell.webhook.Webhook.State;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The webhooks of one client or of all, for people. */
public final class WebhookList {
    private final Jdbi jdbi;

    public WebhookList(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * A page of webhooks, the newest first.
     *
     * @param clientId null for those of all clients
     * @param state null for any
     * @param before webhooks with lower ids; null for the first page
     */
    public List<Webhook> newest(
            @Nullable UUID clientId, @Nullable State state, @Nullable UUID before, int limit) {
        Sql sql = Sql.of("select * from webhook where true");
        if (clientId != null) {
            sql = sql.then(" and client_id = ?", clientId);
        }
        if (state != null) {
            sql = sql.then(" and state = ?", state.wireName());
        }
        if (before != null) {
            sql = sql.then(" and id < ?", before);
        }
        Sql page = sql.then(" order by id desc limit " + limit);
        return jdbi.withHandle(handle -> page.query(handle.getConnection(), WebhookRows::read));
    }
}
