package dev.mailbell.delivery;

import dev.mailbell.database.Sql;
import dev.mailbell.event.Event;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Who wants an event, and who of them already waits for earlier ones of its mailbox. */
final class Takers {
    private static final JsonMapper JSON = new JsonMapper();

    private Takers() {}

    /**
     * The beginning of a statement: the webhooks as {@code taker}, each with its {@code id}, its
     * {@code place} from 1, whether it is {@code enabled}, and until when older deliveries of the
     * mailbox wait at the longest, {@code busy_until}; null when there are none.
     *
     * @param except a webhook that does not get the event; null for none
     */
    static Sql of(NewEvent added, @Nullable UUID except) {
        Event event = added.event();
        return Sql.of(
                """
                with waiting as (
                    select webhook_id, max(next_attempt_at) as until from delivery
                    where account_id = ?::uuid and coalesce(mailbox, '') = ? and status = 'pending'
                    group by webhook_id
                ), taker as (
                    select w.id, row_number() over (order by w.id) as place, w.state = 'enabled' as enabled,
                        until as busy_until
                    from webhook w left join waiting on webhook_id = w.id
                    where w.client_id = ? and w.events && array[?::text, '*']
                        and (w.accounts is null or w.accounts @> array[?::uuid])
                        and w.labels <@ ?::jsonb and w.id is distinct from ?::uuid
                )\
                """,
                event.accountId(),
                added.mailbox() == null ? "" : added.mailbox(),
                event.clientId(),
                event.type().wireName(),
                event.accountId(),
                JSON.writeValueAsString(added.labels()),
                except);
    }
}
