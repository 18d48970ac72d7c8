-- Of an event that many webhooks want which take nothing now, the deliveries to these are made later: the event, its
-- mark and the deliveries to the others do not wait for them. A row goes when its last webhook is served.
create table fanout (
    event_id   uuid        primary key,
    account_id uuid,
    mailbox    text,
    shard      smallint    not null,
    new_count  integer,              -- mail.new: its own
    webhooks   uuid[]      not null  -- still to be served
);

-- Ids have no use for being compressed.
alter table fanout alter column webhooks set storage external;

-- Within a mailbox rows are served in the order of their events.
create index fanout_queue on fanout (account_id, coalesce(mailbox, ''), event_id);

alter table fanout set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
