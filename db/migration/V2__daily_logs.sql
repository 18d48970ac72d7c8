-- Events, deliveries and attempts in daily partitions, so that what is too old is dropped and never deleted row by row.
--
-- Their ids are UUIDv7, whose first 48 bits are milliseconds since 1970: a day is a range of ids, and the primary keys
-- need no column more. Rows with other ids, or of days that nobody made ready, are taken in by a default partition.

-- The lowest id of a day (UTC).
create function log_day_floor(day date) returns uuid
    language sql immutable
    return (lpad(to_hex((day - date '1970-01-01')::bigint * 86400000), 12, '0') || '00000000000000000000')::uuid;

-- The day of an id; null where it is none of a day between 2020 and 2199.
create function log_day_of(id uuid) returns date
    language sql immutable
    return case when id >= log_day_floor(date '2020-01-01') and id < log_day_floor(date '2200-01-01')
        then date '1970-01-01' + (('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 86400000)::integer end;

-- Makes a log's partition of a day, and moves there what the default partition holds of that day; false when it is
-- there already. Several nodes may do so at once.
create function log_add_day(log text, day date) returns boolean
    language plpgsql as $$
declare
    part text := log || '_' || to_char(day, 'YYYYMMDD');
    rest text := log || '_default';
    key text := case log when 'attempt' then 'delivery_id' else 'id' end;
begin
    perform pg_advisory_xact_lock(7310579, hashtext(log));
    if to_regclass(part) is not null then
        return false;
    end if;
    -- Nothing of that day may slip in between the move and the moment when the partition takes it.
    execute format('lock table %I in access exclusive mode', rest);
    execute format('create table %I (like %I including all)', part, log);
    -- An update finds room in its page, and dead rows go soon; a log that is only added to needs neither.
    if log = 'delivery' then
        execute format('alter table %I set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05,'
            || ' autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.05)', part);
    end if;
    execute format('with moved as (delete from %I where %I >= $1 and %I < $2 returning *) insert into %I select * from moved',
        rest, key, key, part) using log_day_floor(day), log_day_floor(day + 1);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)',
        log, part, log_day_floor(day), log_day_floor(day + 1));
    return true;
end $$;

-- What is there moves over. No log refers to another table: dropping a day must not lock those, and a reference would
-- lock the rows of accounts, webhooks and clients at every insert. Who removes an account or a webhook removes its rows.
alter table delivery rename to delivery_1;
alter table delivery_1 drop constraint delivery_event_id_fkey;
alter table delivery_1 rename constraint delivery_pkey to delivery_1_pkey;
drop index delivery_pending, delivery_of_event, delivery_of_account;
alter table event rename to event_1;
alter table event_1 rename constraint event_pkey to event_1_pkey;
drop index event_feed, event_of_account;

create table event (
    id         uuid        primary key,
    client_id  uuid        not null,
    account_id uuid,
    type       text        not null,
    created_at timestamptz not null,
    payload    text        not null, -- the JSON as it is delivered, byte for byte
    -- Ids are made before the commit, so id order is not commit order. The feed reads in the order of
    -- transactions and stops before the oldest one that is still running: a reader never passes an event by.
    tx         xid8        not null default pg_current_xact_id()
) partition by range (id);

create index event_feed on event (client_id, tx, id);
create index event_of_account on event (account_id, tx, id);
-- Few events are of these types: without this a reader of one of them would pass all the mail.
create index event_rare on event (client_id, type, tx, id) where type <> 'mail.new';

create table delivery (
    id              uuid        primary key,
    webhook_id      uuid        not null,
    event_id        uuid        not null,
    account_id      uuid,
    mailbox         text,
    shard           smallint    not null,
    status          text        not null check (status in ('pending', 'delivered', 'failed', 'superseded')),
    attempts        integer     not null default 0,
    next_attempt_at timestamptz not null,
    last_status     integer,
    last_error      text,
    created_at      timestamptz not null,
    completed_at    timestamptz
) partition by range (id);

create index delivery_pending on delivery (webhook_id, id) where status = 'pending';
create index delivery_log on delivery (webhook_id, status, id);
create index delivery_of_account on delivery (account_id, id);

-- One POST of a delivery. They live as long as their delivery: by its id they are in the partition of its day.
create table attempt (
    delivery_id uuid        not null,
    number      integer     not null check (number > 0),
    at          timestamptz not null,
    duration_ms integer     not null check (duration_ms >= 0),
    status      integer,              -- null: no answer
    error       text,                 -- null: delivered
    answer      text check (length(answer) <= 1024),
    primary key (delivery_id, number)
) partition by range (delivery_id);

create table event_default partition of event default;
create table delivery_default partition of delivery default;
create table attempt_default partition of attempt default;

select log_add_day('event', day)
from (select distinct log_day_of(id) as day from event_1) days where day is not null;
select log_add_day(log, day)
from (select distinct log_day_of(id) as day from delivery_1) days, unnest(array['delivery', 'attempt']) log
where day is not null;
select log_add_day(log, (now() at time zone 'UTC')::date + ahead)
from unnest(array['event', 'delivery', 'attempt']) log, generate_series(-1, 7) ahead;

insert into event (id, client_id, account_id, type, created_at, payload, tx)
select id, client_id, account_id, type, created_at, payload, tx from event_1;
insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status, attempts, next_attempt_at, last_status,
    last_error, created_at, completed_at)
select id, webhook_id, event_id, account_id, mailbox, shard, status, attempts, next_attempt_at, last_status,
    last_error, created_at, completed_at from delivery_1;
drop table delivery_1;
drop table event_1;

-- Dead rows of the tables that change at every mail go soon, however large the tables are.
alter table account set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.05);
alter table mailbox set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.05);

-- While a secret is rotated the one before signs as well.
alter table webhook
    add column previous_secret       bytea, -- encrypted, bound to this row
    add column previous_secret_until timestamptz,
    add check ((previous_secret is null) = (previous_secret_until is null));

-- What must run once in the cluster: db-scheduler's table.
create table scheduled_tasks (
    task_name            text        not null,
    task_instance        text        not null,
    task_data            bytea,
    execution_time       timestamptz not null,
    picked               boolean     not null,
    picked_by            text,
    last_success         timestamptz,
    last_failure         timestamptz,
    consecutive_failures integer,
    last_heartbeat       timestamptz,
    version              bigint      not null,
    priority             smallint,
    primary key (task_name, task_instance)
);

create index scheduled_tasks_due on scheduled_tasks (execution_time);
create index scheduled_tasks_heartbeat on scheduled_tasks (last_heartbeat);
