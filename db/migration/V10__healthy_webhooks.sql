-- Whether a webhook took its latest delivery. An event is written with the deliveries of those; a new webhook is not
-- healthy before its first success. Of the webhooks that are there already the enabled ones count as healthy.
alter table webhook add column healthy boolean not null default true;

update webhook set healthy = false where state <> 'enabled';

-- Deferred deliveries to healthy webhooks, where an event has very many subscribers, are made before all others.
alter table fanout add column healthy boolean not null default false;

create index fanout_order on fanout (healthy desc, event_id);
