package dev.mailbell.delivery.log;

import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/** The deliveries of one account to all webhooks of its client. */
public final class AccountDeliveries {
    private final Jdbi jdbi;

    public AccountDeliveries(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** The latest ones, the newest first. */
    public List<LoggedDelivery> latest(UUID clientId, UUID accountId, int limit) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select d.*, null as type from delivery d join webhook w on w.id = d.webhook_id
                                where d.account_id = :account and w.client_id = :client
                                order by d.id desc limit %d\
                                """
                                        .formatted(limit))
                        .bind("account", accountId)
                        .bind("client", clientId)
                        .map((row, context) -> LoggedDelivery.read(row))
                        .list());
    }
}
