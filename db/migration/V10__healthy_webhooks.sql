-- Whether a webhook took its latest delivery. An event is written with the deliveries of those; a new webhook is not
-- healthy before its first success. Of the webhooks that are there already the enabled ones count as healthy.
alter table webhook add column healthy boolean not null default true;

update webhook set healthy = false where state <> 'enabled';

create index webhook_health on webhook (client_id, healthy, id);

-- A row of fanout names the webhooks that have the event, not the many that do not: it is as small for a thousand of
-- these as for one. What a webhook must want to be served is kept with it.
alter table fanout
    add column type    text    not null default '',
    add column labels  jsonb   not null default '{}',
    add column served  uuid[]  not null default '{}',
    add column healthy boolean not null default false; -- some that wait for it are healthy: it comes first

update fanout f set type = e.type, labels = coalesce(a.labels, '{}'), served = array(
    select id from webhook w where w.client_id = e.client_id and w.id <> all(f.webhooks))
from event e left join account a on a.id = e.account_id
where e.id = f.event_id;

alter table fanout
    drop column webhooks,
    alter column type drop default,
    alter column labels drop default,
    alter column served drop default,
    alter column healthy drop default;

create index fanout_order on fanout (healthy desc, event_id);
