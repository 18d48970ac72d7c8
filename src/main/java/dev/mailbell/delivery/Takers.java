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

    /** So many webhooks that are not healthy are served with the event; more are served later. */
    static final int MOST_SERVED_AT_ONCE = 16;

    /** So many healthy webhooks are served with the event; those beyond them are served later. */
    static final int MOST_HEALTHY = 100;

    /**
     * The beginning of a statement: the webhooks as {@code taker}, each with its {@code id},
     * whether it is {@code enabled} and {@code healthy}, whether its delivery is {@code deferred} to {@link FanOut},
     * its {@code place} from 1 among those that are or are not, and until when older deliveries of
     * the mailbox wait at the longest, {@code busy_until}; null when there are none or it is
     * deferred.
     *
     * <p>Deferred are those that did not take their latest delivery, when they are many, healthy
     * ones beyond the first hundred, and those for which an earlier event of the mailbox is
     * deferred still.
     *
     * @param except a webhook that does not get the event; null for none
     */
    static Sql of(NewEvent added, @Nullable UUID except) {
        Event event = added.event();
        String mailbox = added.mailbox() == null ? "" : added.mailbox();
        return Sql.of(
                """
                with deferred as materialized (
                    select distinct unnest(webhooks) as webhook_id from fanout
                    where account_id = ?::uuid and coalesce(mailbox, '') = ?
                ), listener as materialized (
                    select w.id, w.state = 'enabled' as enabled, w.healthy,
                        d.webhook_id is not null or case when w.healthy
                            then row_number() over (partition by w.healthy order by w.id) > ?
                            else count(*) over (partition by w.healthy) > ? end as deferred
                    from webhook w left join deferred d on d.webhook_id = w.id
                    where w.client_id = ? and w.events && array[?::text, '*']
                        and (w.accounts is null or w.accounts @> array[?::uuid])
                        and w.labels <@ ?::jsonb and w.id is distinct from ?::uuid
                ), waiting as (
                    select webhook_id, max(next_attempt_at) as until from delivery
                    where account_id = ?::uuid and coalesce(mailbox, '') = ? and status = 'pending'
                        and webhook_id = any(array(select id from listener where not deferred))
                    group by webhook_id
                ), taker as (
                    select id, row_number() over (partition by deferred order by id) as place, enabled, healthy, deferred,
                        until as busy_until
                    from listener left join waiting on webhook_id = id
                )\
                """,
                event.accountId(),
                mailbox,
                MOST_HEALTHY,
                MOST_SERVED_AT_ONCE,
                event.clientId(),
                event.type().wireName(),
                event.accountId(),
                JSON.writeValueAsString(added.labels()),
                except,
                event.accountId(),
                mailbox);
    }

    /** Part of a statement: what writes down that the deferred ones are to be served later. */
    static Sql defer(NewEvent added, String from) {
        return Sql.of(
                """
                insert into fanout (event_id, account_id, mailbox, shard, new_count, healthy, webhooks)
                select ?::uuid, ?::uuid, ?, ?::smallint, ?, bool_or(healthy), array_agg(id)
                from %s where deferred having count(*) > 0\
                """
                        .formatted(from),
                added.event().id(),
                added.event().accountId(),
                Sql.text(added.mailbox()),
                added.shard(),
                Sql.integer(added.newCount()));
    }
}
