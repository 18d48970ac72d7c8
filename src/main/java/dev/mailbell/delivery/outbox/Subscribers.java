package dev.mailbell.delivery.outbox;

import dev.mailbell.database.Sql;
import dev.mailbell.event.Event;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * The parts of SQL statements that find the subscribers of an event: the webhooks whose filters
 * match it. At most 135 of them are read, however many the client has.
 */
public final class Subscribers {
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * When more untried webhooks than this match, or more that fail or are disabled, the deliveries
     * to all of that kind are deferred.
     */
    public static final int MAX_OTHERS = 16;

    /** The deliveries to healthy webhooks beyond these are deferred. */
    public static final int MAX_HEALTHY = 100;

    /** Kinds of webhooks; each condition is that of an index. */
    private enum Kind {
        HEALTHY("healthy", MAX_HEALTHY),
        /** Without an attempt since it was created, got another URL or was enabled by hand. */
        UNTRIED("not healthy and state = 'enabled'", MAX_OTHERS),
        DEAD("not healthy and state <> 'enabled'", MAX_OTHERS);

        private final String condition;
        private final int max;

        Kind(String condition, int max) {
            this.condition = condition;
            this.max = max;
        }
    }

    private Subscribers() {}

    /**
     * The beginning of a statement: a table {@code subscriber} with the {@code id} of each webhook,
     * whether it is {@code enabled} and {@code healthy}, whether its delivery is {@code deferred},
     * its {@code ordinal} from 1 among those with the same {@code deferred}, {@code busy_until},
     * the latest time that a pending delivery of the mailbox waits for, and {@code newest}, the
     * highest id of these; null when there is none or the delivery is deferred.
     *
     * <p>Deferred are deliveries to webhooks that are not healthy, when many are of the same kind;
     * to healthy ones beyond the first hundred; and to those for which an earlier event of the
     * mailbox is still deferred. Of many deferred ones only some are in the table.
     *
     * @param except a webhook to leave out; null for none
     */
    static Sql of(NewEvent added, @Nullable UUID except) {
        Event event = added.event();
        String mailbox = added.mailbox() == null ? "" : added.mailbox();
        return Sql.of(
                        """
                        with earlier as materialized (
                            select event_id, type, labels, served from fanout
                            where account_id = ?::uuid and coalesce(mailbox, '') = ?
                        ), candidate as materialized (\
                        """,
                        event.accountId(),
                        mailbox)
                .then(candidates(added, except, Kind.HEALTHY))
                .then(" union all ")
                .then(candidates(added, except, Kind.UNTRIED))
                .then(" union all ")
                .then(candidates(added, except, Kind.DEAD))
                .then(
                        """
                        ), judged as materialized (
                            select id, enabled, healthy, case when healthy then rank > ?
                                    else (select count(*) from candidate o where o.kind = c.kind) > ? end
                                or exists (select from earlier e where %s) as deferred
                            from candidate c
                        ), subscriber as (
                            select id, row_number() over (partition by deferred order by id) as ordinal, enabled, healthy,
                                deferred, until as busy_until, newest
                            from judged left join lateral (
                                select max(next_attempt_at) as until, max(d.id::text collate "C") as newest from delivery d
                                where not judged.deferred and account_id = ?::uuid and coalesce(mailbox, '') = ?
                                    and webhook_id = judged.id and completed_at is null) waiting on true
                        )\
                        """
                                .formatted(waitsFor("c", "e")),
                        MAX_HEALTHY,
                        MAX_OTHERS,
                        event.accountId(),
                        mailbox);
    }

    /** The first matching webhooks of a kind, one more than are served at once. */
    private static Sql candidates(NewEvent added, @Nullable UUID except, Kind kind) {
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
                        matches(
                                event.clientId(),
                                event.accountId(),
                                event.type().wireName(),
                                JSON.writeValueAsString(added.labels())))
                .then(" order by id limit ?)", kind.max + 1);
    }

    /**
     * A condition on a webhook and a row of {@code fanout}: the event of the row is deferred for
     * the webhook. The webhook's filter of accounts is not part of it.
     */
    static String waitsFor(String webhook, String row) {
        return "%1$s.id < %2$s.event_id and %1$s.id <> all(%2$s.served) and %1$s.events && array[%2$s.type, '*'] and %1$s.labels <@ %2$s.labels"
                .formatted(webhook, row);
    }

    /**
     * A condition on a webhook: its filters match the event.
     *
     * @param labels of the account, as JSON
     */
    static Sql matches(UUID client, @Nullable UUID account, String type, String labels) {
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
     * Part of a statement: inserts a row of {@code fanout} when deliveries of the event are
     * deferred.
     */
    static Sql defer(NewEvent added, @Nullable UUID except, String from) {
        return Sql.of(
                """
                insert into fanout (event_id, client_id, account_id, mailbox, shard, new_count, type, labels, healthy, served)
                select ?::uuid, ?::uuid, ?::uuid, ?, ?::smallint, ?, ?, ?::jsonb, bool_or(healthy and deferred), array_remove(
                    array_append(array_agg(id order by id) filter (where not deferred), ?::uuid), null)
                from %s having bool_or(deferred)\
                """
                        .formatted(from),
                added.event().id(),
                added.event().clientId(),
                added.event().accountId(),
                Sql.text(added.mailbox()),
                added.shard(),
                Sql.integer(added.newCount()),
                added.event().type().wireName(),
                JSON.writeValueAsString(added.labels()),
                except);
    }
}
