package dev.mailbell.delivery.outbox;

import dev.mailbell.database.Sql;
import dev.mailbell.delivery.FanOut;
import dev.mailbell.event.Event;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Which webhooks want an event, and which of them wait for earlier ones of its mailbox. Of a client
 * whose webhooks all want it, about a hundred are read.
 */
public final class Subscribers {
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * So many untried webhooks, and so many that fail or are disabled, are served with the event;
     * of more, none.
     */
    public static final int MOST_OTHERS = 16;

    /** So many healthy webhooks are served with the event; those beyond them are served later. */
    public static final int MOST_HEALTHY = 100;

    /** Kinds of webhooks; each condition is that of an index. */
    private enum Kind {
        HEALTHY("healthy", MOST_HEALTHY),
        /** New, with another URL, or enabled by hand, and not sent to since. */
        UNTRIED("not healthy and state = 'enabled'", MOST_OTHERS),
        DEAD("not healthy and state <> 'enabled'", MOST_OTHERS);

        private final String condition;
        private final int most;

        Kind(String condition, int most) {
            this.condition = condition;
            this.most = most;
        }
    }

    private Subscribers() {}

    /**
     * The beginning of a statement: the webhooks as {@code taker}, each with its {@code id},
     * whether it is {@code enabled} and {@code healthy}, whether its delivery is {@code deferred}
     * to {@link FanOut}, its {@code place} from 1 among those that are or are not, and until when
     * older deliveries of the mailbox wait at the longest, {@code busy_until}; null when there are
     * none or it is deferred.
     *
     * <p>Deferred are those that are not healthy, when many are of the same kind, healthy ones
     * beyond the first hundred, and those for which an earlier event of the mailbox is deferred
     * still. Where many are, only some of them are among these.
     *
     * @param except a webhook that does not get the event; null for none
     */
    static Sql of(NewEvent added, @Nullable UUID except) {
        Event event = added.event();
        String mailbox = added.mailbox() == null ? "" : added.mailbox();
        return Sql.of(
                        """
                        with earlier as materialized (
                            select event_id, type, labels, served from fanout
                            where account_id = ?::uuid and coalesce(mailbox, '') = ?
                        ), listener as materialized (\
                        """,
                        event.accountId(),
                        mailbox)
                .then(some(added, except, Kind.HEALTHY))
                .then(" union all ")
                .then(some(added, except, Kind.UNTRIED))
                .then(" union all ")
                .then(some(added, except, Kind.DEAD))
                .then(
                        """
                        ), judged as materialized (
                            select id, enabled, healthy, case when healthy then rank > ?
                                    else (select count(*) from listener o where o.kind = l.kind) > ? end
                                or exists (select from earlier e where %s) as deferred
                            from listener l
                        ), waiting as (
                            select webhook_id, max(next_attempt_at) as until from delivery
                            where account_id = ?::uuid and coalesce(mailbox, '') = ? and status = 'pending'
                                and webhook_id = any(array(select id from judged where not deferred))
                            group by webhook_id
                        ), taker as (
                            select id, row_number() over (partition by deferred order by id) as place, enabled, healthy,
                                deferred, until as busy_until
                            from judged left join waiting on webhook_id = id
                        )\
                        """
                                .formatted(waitsFor("l", "e")),
                        MOST_HEALTHY,
                        MOST_OTHERS,
                        event.accountId(),
                        mailbox);
    }

    /** The first webhooks of a kind that want it, one more than are served. */
    private static Sql some(NewEvent added, @Nullable UUID except, Kind kind) {
        Event event = added.event();
        return Sql.of(
                        """
                        (select id, state = 'enabled' as enabled, healthy, '%s' as kind, events, labels,
                            row_number() over (order by id) as rank
                        from webhook where %s and id is distinct from ?::uuid and \
                        """
                                .formatted(kind, kind.condition),
                        except)
                .then(
                        wants(
                                event.clientId(),
                                event.accountId(),
                                event.type().wireName(),
                                JSON.writeValueAsString(added.labels())))
                .then(" order by id limit ?)", kind.most + 1);
    }

    /** A condition on a webhook and a row of {@code fanout} that is about an account it wants. */
    static String waitsFor(String webhook, String row) {
        return "%1$s.id < %2$s.event_id and %1$s.id <> all(%2$s.served) and %1$s.events && array[%2$s.type, '*'] and %1$s.labels <@ %2$s.labels"
                .formatted(webhook, row);
    }

    /**
     * A condition on a webhook: it wants the event.
     *
     * @param labels of the account, as JSON
     */
    static Sql wants(UUID client, @Nullable UUID account, String type, String labels) {
        return Sql.of(
                """
                client_id = ? and events && array[?::text, '*']
                and (accounts is null or accounts @> array[?::uuid]) and labels <@ ?::jsonb\
                """,
                client,
                type,
                account,
                labels);
    }

    /**
     * Part of a statement: writes down that all webhooks which want the event and are not served
     * with it are to be served later.
     */
    static Sql defer(NewEvent added, @Nullable UUID except, String from) {
        return Sql.of(
                """
                insert into fanout (event_id, account_id, mailbox, shard, new_count, type, labels, healthy, served)
                select ?::uuid, ?::uuid, ?, ?::smallint, ?, ?, ?::jsonb, bool_or(healthy and deferred), array_remove(
                    array_append(array_agg(id order by id) filter (where not deferred), ?::uuid), null)
                from %s having bool_or(deferred)\
                """
                        .formatted(from),
                added.event().id(),
                added.event().accountId(),
                Sql.text(added.mailbox()),
                added.shard(),
                Sql.integer(added.newCount()),
                added.event().type().wireName(),
                JSON.writeValueAsString(added.labels()),
                except);
    }
}
