-- The tables of Mailbell, in reading order: clients and accounts; the state of their mailboxes; the logs of events,
-- deliveries and attempts; webhooks; the audit log; idempotency of the API, and coordination of the nodes.
--
-- Times are timestamptz, ids are UUIDs of version 7, which begin with the time in milliseconds.


-- ---------------------------------------------------------------------------------------------------------------------
-- Clients and accounts
-- ---------------------------------------------------------------------------------------------------------------------

-- A row is a client: the owner of accounts and webhooks.
create table client (
    id                      uuid        primary key,
    name                    text        not null unique,

    -- Its limits; null: as configured.
    max_accounts            integer     check (max_accounts > 0),
    max_webhooks            integer     check (max_webhooks > 0),
    max_requests_per_second integer     check (max_requests_per_second > 0),

    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now(), -- of its name and limits
    erasing_since           timestamptz           -- its keys are refused, and its rows are being removed; null: in use
);

-- The operator's key acts as this client unless it names another one.
insert into client (id, name) values ('00000000-0000-7000-8000-000000000000', 'default');

-- The events for the operator, about the webhooks and accounts of all clients, are of this client; its webhooks receive them.
insert into client (id, name) values ('00000000-0000-7000-8000-000000000001', 'operator');

-- A row is a key of a client. A rotated key has two hashes, until previous_until.
create table api_key (
    id             uuid        primary key,
    client_id      uuid        not null references client on delete cascade,
    name           text        not null,
    scopes         text[]      not null,
    prefix         text        not null, -- the beginning of the key, by which its owner recognises it
    hash           bytea       not null unique, -- SHA-256 of the key
    created_at     timestamptz not null,
    expires_at     timestamptz,          -- null: never
    last_used_at   timestamptz,          -- written once a minute; null: never used
    previous_hash  bytea       unique,   -- of the key before the latest rotation
    previous_until timestamptz,
    check ((previous_hash is null) = (previous_until is null))
);

create index api_key_of_client on api_key (client_id, id);

-- A row is a portal link: it opens a client's view of the page once, for somebody without a key. What it opened ends with the row.
create table portal_link (
    id         uuid        primary key,
    client_id  uuid        not null references client on delete cascade,
    name       text,                 -- for people
    scopes     text[]      not null,
    key_id     uuid        references api_key on delete cascade, -- the key that made it; null: the operator's
    hash       bytea       not null unique, -- SHA-256 of the token in the link
    created_at timestamptz not null,
    expires_at timestamptz not null, -- of the link and of what it opened
    opened_at  timestamptz           -- null: not yet
);

create index portal_link_of_client on portal_link (client_id, id);
create index portal_link_of_key on portal_link (key_id) where key_id is not null;

-- A row is a session of the pages that was signed out before its end. A later one deletes those that are over. The row of the nil
-- UUID, which a restore writes, is of all sessions with a key that end by its time.
create table signed_out (
    session    uuid        primary key,
    expires_at timestamptz not null
);

-- A row is a key of the keyset that may have encrypted secrets in this database. A start without one of them is refused.
create table keyset_key (
    id          text        primary key, -- eight hexadecimal digits; bytes 2 to 5 of each value that the key encrypted
    fingerprint text        not null,    -- derived from the key, which it does not reveal
    since       timestamptz not null default now()
);

-- A row is an app: an application that a client registered at an OAuth 2.0 provider, and that its accounts name.
create table oauth_app (
    id                uuid        primary key,
    client_id         uuid        not null references client on delete cascade,
    name              text,                 -- for people
    provider          text        not null check (provider in ('google', 'microsoft', 'custom')),
    grant_type        text        not null check (grant_type in ('refresh_token', 'client_credentials', 'jwt_bearer')),
    oauth_client_id   text        not null, -- the provider's name for the app
    proof             text        not null check (proof in ('none', 'client_secret', 'private_key')),
    secret            bytea,                -- client secret or private key; encrypted, bound to this row
    check ((proof = 'none') = (secret is null)),
    key_id            text,                 -- of the private key
    tenant            text,                 -- Microsoft's; null: any
    authorization_url text,                 -- null: the provider's
    token_url         text,                 -- null: the provider's
    redirect_url      text,                 -- null: the callback page under http.publicUrl
    scope             text,                 -- null: the provider's
    mail_hosts        text[]      not null, -- patterns of the mail servers that its tokens may be sent to
    created_at        timestamptz not null,
    updated_at        timestamptz not null
);

create index oauth_app_of_client on oauth_app (client_id, id);

-- A row is an account: one login at one mail server.
create table account (
    id               uuid        primary key,
    client_id        uuid        not null references client,
    shard            smallint    not null check (shard between 0 and 1023), -- computed from the id
    ref              text,                 -- the client's own name for the account

    -- The mail server and the login.
    address          text        not null,
    protocol         text        not null check (protocol in ('imap', 'pop3')),
    host             text        not null,
    port             integer     not null check (port between 1 and 65535),
    security         text        not null check (security in ('tls', 'starttls', 'none')),
    username         text        not null,
    auth             text        not null check (auth in ('password', 'oauth2', 'none')), -- none: imported without
    credential       bytea       not null, -- password or OAuth 2.0 grant; encrypted, bound to this row
    oauth_app        uuid        references oauth_app, -- the app of the grant; null: none
    tls_verify       boolean     not null,
    tls_ca_pem       text,                 -- certificate authorities to trust besides the platform's; null: none
    tls_pins         text[],               -- SHA-256 of the server's public key in Base64, one of them; null: any key
    egress           text,                 -- the way out, of network.egress; null: as configured for the provider

    -- What is watched.
    mailboxes        text[]      not null,
    push             boolean,              -- null: as configured
    interval_seconds integer,              -- null: as configured
    envelopes        boolean     not null, -- whether mail.new carries sender and subject
    labels           jsonb       not null, -- the client's, names to values; webhooks select by them

    -- The state. The failure is that of the latest check; null while checks succeed.
    state            text        not null check (state in ('connecting', 'watching', 'retrying', 'parked', 'paused')),
    state_since      timestamptz not null,
    failure_code     text,
    failure_message  text,
    failure_since    timestamptz,
    failure_attempts integer,
    retrying_announced boolean   not null default false, -- account.retrying was announced, account.recovered not yet
    stale_announced  boolean     not null default false, -- account.stale was announced, and no check has ended since
    last_checked_at  timestamptz,          -- written with each change of state, otherwise once an hour

    created_at       timestamptz not null,
    updated_at       timestamptz not null  -- of the client's latest change
-- Pages keep free space, so that updates stay in their page. Vacuum runs often, also when the table is large.
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.05);

create unique index account_ref on account (client_id, ref) where ref is not null;
-- The accounts of a client, page by page.
create index account_of_client on account (client_id, id);
-- The accounts of a shard, page by page, when a node takes it.
create index account_of_shard on account (shard, id);
-- Whether a POP3 login belongs to an account: its server may refuse a second session.
create index account_pop3_login on account (host, username) where protocol = 'pop3';
-- Whether accounts use an app.
create index account_of_app on account (oauth_app) where oauth_app is not null;
-- For the search by the beginning of an address, of its domain, of a ref and of a host. Letters are compared as octets, so that
-- one range holds a beginning whatever the collation of the database is.
create index account_by_address on account (lower(address) collate "C", id, client_id);
create index account_by_domain on account (split_part(lower(address), '@', 2) collate "C", id, client_id);
create index account_by_ref on account (lower(ref) collate "C", id, client_id) where ref is not null;
create index account_by_host on account (host collate "C", id, client_id);
-- For lists by state: nearly all accounts are watching, and are found without an index.
create index account_by_state on account (state, id, client_id) where state <> 'watching';
create index account_by_label on account using gin (labels jsonb_path_ops);

-- A row is a consent link: the latest one by which the owner of a mailbox can grant an app access. Nothing in it is secret.
create table oauth_consent (
    account_id    uuid        primary key references account on delete cascade,
    app_id        uuid        not null references oauth_app on delete cascade,
    token_hash    bytea       not null unique, -- SHA-256 of the token in the link
    expires_at    timestamptz not null,
    claimed_until timestamptz,          -- a request exchanges a code; null: none
    used_at       timestamptz           -- access was granted; null: not yet
);

create index oauth_consent_of_app on oauth_consent (app_id);

-- A row is a removed account of which rows of the logs may be left. They are deleted some thousands at a time, then this row.
create table removed_account (
    id         uuid        primary key,
    client_id  uuid        not null references client,
    removed_at timestamptz not null default now()
);


-- ---------------------------------------------------------------------------------------------------------------------
-- The state of mailboxes
-- ---------------------------------------------------------------------------------------------------------------------

-- A row is a watched mailbox: its high-water mark, and the position up to which its client has fetched. Every write raises
-- the version. A check records its result only if the version is still the one with which the check began.
create table mailbox (
    account_id          uuid    not null references account on delete cascade,
    name                text    not null,      -- POP3: INBOX
    version             bigint  not null default 0,

    -- The mark.
    total               integer,               -- messages in the mailbox; null until the baseline
    top_uid             text,                  -- UID of the last message; null: the mailbox was empty
    uid_validity        bigint,                -- IMAP
    uid_next            bigint,                -- IMAP
    uid_gaps            text,                  -- IMAP: UIDs below uid_next that no check has found, as in 4:7,9; a message
                                               -- that appears there later is new
    octets              bigint,                -- POP3: STAT's total size
    first_uid           text,                  -- POP3: UID of message 1
    approximate         boolean not null default false, -- counted without stable UIDs

    -- The client's position, and the number of messages after it; null: the client has set none.
    pending             integer,
    client_max_id       integer,
    client_uid          text,
    client_uid_validity bigint,

    last_checked_at     timestamptz,
    primary key (account_id, name)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.05);

-- A row is a chunk of the known messages of a mailbox that is not counted by UIDNEXT: the present messages and those that
-- were there recently, 12 bytes each. One new message rewrites one chunk.
create table known_messages (
    account_id uuid    not null,
    mailbox    text    not null,
    chunk      integer not null, -- from 0
    entries    bytea   not null, -- for each message 8 bytes of its key with two flags, and 4 bytes of its size
    primary key (account_id, mailbox, chunk),
    foreign key (account_id, mailbox) references mailbox on delete cascade
);

-- Keys are random bits, which do not compress.
alter table known_messages alter column entries set storage external;


-- ---------------------------------------------------------------------------------------------------------------------
-- Daily partitions of the logs
-- ---------------------------------------------------------------------------------------------------------------------

-- Events, deliveries, attempts and the audit log are in daily partitions (UTC), so that old rows are dropped with their partition and never
-- deleted one by one. A day is a range of ids, because the first 48 bits of an id are milliseconds since 1970: the primary
-- keys need no date. Rows with other ids, or of a day without a partition, go into the default partition.
--
-- No log refers to another table by a foreign key: dropping a day would lock that table, and every insert would lock its
-- rows. The statement that removes an account or a webhook removes its rows in the logs.

-- The lowest id of a day.
create function log_day_floor(day date) returns uuid
    language sql immutable
    return (lpad(to_hex((day - date '1970-01-01')::bigint * 86400000), 12, '0') || '00000000000000000000')::uuid;

-- Creates the partition of a day, and moves the rows of that day from the default partition into it. Returns false when
-- the partition exists. Several nodes may call it at once.
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
    -- No row of that day may be added between the move and the moment when the partition is attached.
    execute format('lock table %I in access exclusive mode', rest);
    execute format('create table %I (like %I including all)', part, log);
    -- Free space for updates, and frequent vacuums; the append-only logs need neither.
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


-- ---------------------------------------------------------------------------------------------------------------------
-- Events
-- ---------------------------------------------------------------------------------------------------------------------

-- A row is an event, as the feed returns it.
create table event (
    id         uuid        not null,
    client_id  uuid        not null,
    account_id uuid,                 -- null: the event is about a webhook
    type       text        not null,
    created_at timestamptz not null,
    payload    text        not null, -- the JSON as it is delivered, byte for byte
    -- The transaction that wrote the event. Ids are made before the commit, so the order of ids is not that of commits. The
    -- feed reads in the order of transactions and stops before the oldest one that still runs: a reader misses no event.
    tx         xid8        not null default pg_current_xact_id()
) partition by range (id);

create index event_feed on event (client_id, tx, id);
create index event_of_account on event (account_id, tx, id);
-- For the feed of a rare type, which then skips no mail.new rows.
create index event_rare on event (client_id, type, tx, id) where type <> 'mail.new';

-- For the erasure of a client: the copies of its events that the operator has name it at their end. The client's own words
-- have their quotation marks escaped there.
create index event_about_client on event (substring(payload from '.*"clientId":"([0-9a-f-]{36})"'))
    where client_id = '00000000-0000-7000-8000-000000000001';

-- Made last, here and at deliveries and fanout: of indexes that cost the same the planner takes the newest, and in a partition
-- that it knows as empty all cost the same.
alter table event add primary key (id);

create table event_default partition of event default;


-- ---------------------------------------------------------------------------------------------------------------------
-- Webhooks
-- ---------------------------------------------------------------------------------------------------------------------

-- A row is a webhook: a client's endpoint, the events it receives, and the health of the endpoint.
create table webhook (
    id                    uuid        primary key,
    client_id             uuid        not null references client,
    url                   text        not null,
    description           text,
    created_at            timestamptz not null,
    updated_at            timestamptz not null,

    -- The events it receives.
    events                text[]      not null, -- types, or *
    accounts              uuid[],               -- null: all of the client's
    labels                jsonb       not null, -- that an account must have

    -- The secret that signs its deliveries. Until previous_secret_until the previous one signs them as well.
    secret                bytea       not null, -- encrypted, bound to this row
    previous_secret       bytea,                -- encrypted, bound to this row
    previous_secret_until timestamptz,
    check ((previous_secret is null) = (previous_secret_until is null)),

    -- Headers of its own that each POST to it carries.
    header_names          text[]      not null default '{}',
    headers               bytea,                -- names and values as JSON; encrypted, bound to this row; null: none

    -- The health of the endpoint.
    state                 text        not null check (state in ('enabled', 'failing', 'disabled')),
    healthy               boolean     not null default true, -- it accepted its latest delivery
    failing_since         timestamptz,                -- of the first failure after the latest success; null: none
    failures              integer     not null default 0, -- since then
    last_error            text,
    paused_until          timestamptz,                -- Retry-After of the endpoint, or a pause after it did not answer in time
    breaker_until         timestamptz,                -- the circuit breaker is open until then; after that one delivery probes the endpoint
    breaker_openings      integer     not null default 0, -- in succession; 0: the breaker is closed

    -- What is still to be announced of its health.
    failing_unannounced   boolean     not null default false, -- it has begun to fail, and webhook.failing is not made yet
    failing_announced_at  timestamptz,                -- the latest webhook.failing; null: none
    given_up              integer     not null default 0, -- deliveries that failed for good since the latest delivery.failed
    given_up_since        timestamptz,                -- the first of these; null: none
    given_up_last         uuid,                       -- the latest of these deliveries
    given_up_announced_at timestamptz                 -- the latest delivery.failed; null: none
);

create index webhook_of_client on webhook (client_id, id);
-- There are three kinds of webhooks: healthy, untried (enabled, but it has not accepted its latest delivery), and the
-- others. The statement that inserts an event reads the first ones of each kind.
create index webhook_healthy on webhook (client_id, id) where healthy;
create index webhook_untried on webhook (client_id, id) where not healthy and state = 'enabled';
create index webhook_dead on webhook (client_id, id) where not healthy and state <> 'enabled';
-- The webhooks of whose health something is to be announced.
create index webhook_unannounced on webhook (id) where failing_unannounced or given_up > 0;

-- A row is the activity of a webhook in ten minutes: how many attempts its deliveries had, and how long they took. Each node
-- adds its own about once a minute. There are never more rows than attempts. Free space in the page keeps the updates heap-only.
create table webhook_activity (
    webhook_id  uuid        not null,
    at          timestamptz not null, -- the beginning of the ten minutes
    attempts    bigint      not null,
    delivered   bigint      not null, -- of the attempts
    total_ms    bigint      not null, -- the sum of their durations
    longest_ms  bigint      not null,
    by_duration bigint[]    not null, -- attempts by classes of their durations
    primary key (webhook_id, at)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

-- For the removal of old rows.
create index webhook_activity_age on webhook_activity using brin (at);

-- A row is an account or webhook that was imported. A repeated import skips those that are here.
create table imported (
    client_id  uuid not null references client on delete cascade,
    source     uuid not null, -- its id where it was exported
    account_id uuid unique references account on delete cascade,
    webhook_id uuid unique references webhook on delete cascade,
    check ((account_id is null) <> (webhook_id is null)),
    primary key (client_id, source)
);



-- ---------------------------------------------------------------------------------------------------------------------
-- Deliveries
-- ---------------------------------------------------------------------------------------------------------------------

-- A row is a delivery: one event that is to be sent to one webhook.
create table delivery (
    id              uuid        not null,
    webhook_id      uuid        not null,
    event_id        uuid        not null,
    account_id      uuid,
    mailbox         text,                 -- null: the event is not about a mailbox
    shard           smallint    not null, -- the account's; without an account that of the delivery that led to the event
    status          text        not null check (status in ('pending', 'delivered', 'failed', 'superseded')),
    attempts        integer     not null default 0,
    next_attempt_at timestamptz not null,
    last_status     integer,              -- of the latest answer
    last_error      text,
    created_at      timestamptz not null,
    completed_at    timestamptz,

    -- Merging: a later delivery of the mailbox takes over the count of the mergeable ones, which become superseded. A delivery
    -- is mergeable when it was inserted while its webhook had a backlog and no page of due deliveries has contained it since.
    -- Reading a page clears the flag of its deliveries before anything is sent, so that a delivery that may have been sent
    -- before a crash never changes.
    mergeable       boolean     not null default false,
    new_count       integer,              -- mail.new: its own count plus those of the deliveries merged into it
    body            text,                 -- with that sum; null: the event's payload
    check ((status = 'pending') = (completed_at is null))
) partition by range (id);

-- For the removal of an account.
create index delivery_of_account on delivery (account_id, id);
-- The indexes of pending deliveries have conditions that mean the same and that the planner takes for different ones. While
-- nothing is pending they cost it the same; a plan that a connection keeps from then would otherwise read the pending deliveries
-- of a webhook, or all of them, where it should read those of a mailbox. A statement names the condition of its index.

-- The due deliveries of a webhook.
create index delivery_due on delivery (webhook_id, next_attempt_at, id) where status = 'pending';
-- The order within a mailbox. The account comes first, because the statement that inserts an event asks which of all webhooks
-- have pending deliveries of its mailbox.
create index delivery_queue on delivery (account_id, coalesce(mailbox, ''), webhook_id, id) where completed_at is null;
-- For the metric of the age of the oldest pending delivery.
create index delivery_oldest on delivery (id) where status like 'pending';
-- For the pages of a webhook's log.
create index delivery_log on delivery (webhook_id, status, id);
alter table delivery add primary key (id);

create table delivery_default partition of delivery default;

-- A row is an attempt: one POST of a delivery. It is in the partition of its delivery's day, and dropped with that day.
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

create table attempt_default partition of attempt default;

-- A row is an event with deferred deliveries: more webhooks match it than got a delivery in its transaction. The others get
-- theirs later, so that the event, its mark and the other deliveries do not wait. The row is deleted with the last of them.
create table fanout (
    event_id   uuid        not null,
    client_id  uuid        not null,
    account_id uuid,
    mailbox    text,
    shard      smallint    not null,
    new_count  integer,              -- mail.new: its own count
    type       text        not null, -- the event's type and its account's labels, which select the webhooks
    labels     jsonb       not null,
    served     uuid[]      not null, -- webhooks that have a delivery; its size does not depend on the number of failing webhooks
    healthy    boolean     not null  -- a healthy webhook is among those without a delivery: the row is processed first
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- Ids do not compress.
alter table fanout alter column served set storage external;

-- Within a mailbox the rows are processed in the order of their events.
create index fanout_queue on fanout (account_id, coalesce(mailbox, ''), event_id);
-- Clients take turns; within a client the rows that healthy webhooks wait for come first.
create index fanout_order on fanout (client_id, healthy desc, event_id);
create index fanout_healthy on fanout (client_id, event_id) where healthy;
alter table fanout add primary key (event_id);


-- ---------------------------------------------------------------------------------------------------------------------
-- Audit
-- ---------------------------------------------------------------------------------------------------------------------

-- A row is a request that may have changed something, or that was refused at a route of the operator. Rows are only added,
-- and dropped with their day. It has no body and no secret.
create table audit (
    id             uuid        primary key,
    at             timestamptz not null,
    client_id      uuid,                 -- whose resource it is; null: the daemon's
    key_id         text        not null, -- operator: the operator's key
    key_name       text        not null, -- then; the key may be gone
    action         text        not null, -- method and template of the path
    resource       text        not null, -- the path
    remote_address text        not null,
    status         smallint    not null  -- of the answer
) partition by range (id);

create index audit_of_client on audit (client_id, id);
create index audit_of_key on audit (key_id, id);
create index audit_of_resource on audit (resource, id);

create table audit_default partition of audit default;

-- The partitions around today. Each node creates the next ones ahead of time.
select log_add_day(log, (now() at time zone 'UTC')::date + ahead)
from unnest(array['event', 'delivery', 'attempt', 'audit']) log, generate_series(-1, 2) ahead;


-- ---------------------------------------------------------------------------------------------------------------------
-- The API and the nodes
-- ---------------------------------------------------------------------------------------------------------------------

-- A row is the response to a POST that creates something, so that a repeated request gets the same response.
create table idempotency (
    client_id    uuid        not null references client on delete cascade,
    key          text        not null, -- the header Idempotency-Key
    request_hash bytea       not null,
    status       integer,              -- null while the first request is being processed
    answer       bytea,                -- encrypted, because it may contain the secret of a webhook
    location     text,
    created_at   timestamptz not null,
    primary key (client_id, key)
);

create index idempotency_age on idempotency (created_at);

-- A row is a task of db-scheduler, which runs once in the cluster.
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

-- A row is a node: a running daemon. After expires_at, by this server's clock, other nodes remove it; until they do, the node
-- is alive and keeps its shards. Free space in the page keeps the heartbeats, one update a node and second, heap-only (HOT).
create table node (
    id            uuid        primary key, -- new at every start
    name          text        not null,    -- as configured, or the host's
    pid           bigint      not null,
    address       text,                    -- where it takes requests of other nodes; null: nowhere
    version       text        not null,    -- of the program
    configuration text        not null,    -- a fingerprint of the configuration in effect there
    exclusive     boolean     not null,    -- it runs the embedded server, whose directory it has locked
    started_at    timestamptz not null,
    leaving       boolean     not null default false, -- it is stopping
    busy          boolean     not null default false, -- it begins the work of shards that it took: no more are released for it
    expires_at    timestamptz not null
) with (fillfactor = 20);

-- A row is a shard: a share of the accounts. The node that owns it checks them and sends their deliveries. A row whose node
-- has no row in the table node has no owner.
create table shard (
    id    smallint    primary key check (id between 0 and 1023),
    node  uuid,                          -- the owner; null: none
    epoch bigint      not null default 0, -- raised each time a node takes the shard or gives it up
    since timestamptz not null default now() -- of the latest change
) with (fillfactor = 50);

insert into shard (id) select generate_series(0, 1023);

-- A row is a change notice: a transaction changed a row that nodes keep in memory. Each node reads the notices and forgets or reads
-- again what it has. A notice is deleted some minutes later.
create table change_notice (
    id      bigint      generated always as identity primary key,
    tx      xid8        not null default pg_current_xact_id(), -- a reader asks for those that its last snapshot did not show
    at      timestamptz not null default clock_timestamp(),
    kind    text        not null, -- of the changed row, and what happened to it
    subject uuid        not null, -- the row; configuration: the reload
    shard   smallint              -- of an account; null: another kind of row
);

create index change_notice_order on change_notice (tx, id);

-- Notifications serialise commits, so that no statement of a mail's path may send one. A reader that gets none finds the notices
-- within a second.
create function change_notified() returns void
    language sql
    as $$ select pg_notify('mailbell_change', '') $$;

-- Adds a notice where no trigger does.
create function note_change(changed_kind text, changed_row uuid) returns void
    language sql
    as $$ insert into change_notice (kind, subject) values (changed_kind, changed_row); select change_notified() $$;

create function note_accounts() returns trigger
    language plpgsql as $$
begin
    insert into change_notice (kind, subject, shard) select tg_argv[0], id, shard from changed;
    if found then
        perform change_notified();
    end if;
    return null;
end $$;

create function note_rows() returns trigger
    language plpgsql as $$
begin
    insert into change_notice (kind, subject) select tg_argv[0], id from changed;
    if found then
        perform change_notified();
    end if;
    return null;
end $$;

create function note_account() returns trigger
    language plpgsql as $$
begin
    insert into change_notice (kind, subject, shard) values (tg_argv[0], new.id, new.shard);
    perform change_notified();
    return null;
end $$;

create function note_row() returns trigger
    language plpgsql as $$
begin
    insert into change_notice (kind, subject) values (tg_argv[0], new.id);
    perform change_notified();
    return null;
end $$;

-- On the path of deliveries: without a notification.
create function note_health() returns trigger
    language plpgsql as $$
begin
    insert into change_notice (kind, subject) values ('webhook_health', new.id);
    return null;
end $$;

create trigger account_added after insert on account
    referencing new table as changed for each statement execute function note_accounts('account');
create trigger account_removed after delete on account
    referencing old table as changed for each statement execute function note_accounts('account_removed');
-- Only what the client changes. The node that checks the account writes the other states, and knows them.
create trigger account_changed after update of state, updated_at on account for each row
    when (new.updated_at <> old.updated_at or (new.state = 'paused') <> (old.state = 'paused')
        or new.state = 'connecting' and old.state <> 'connecting')
    execute function note_account('account');

create trigger webhook_added after insert on webhook for each row execute function note_row('webhook');
create trigger webhook_removed after delete on webhook
    referencing old table as changed for each statement execute function note_rows('webhook');
create trigger webhook_changed after update of updated_at, events on webhook for each row
    when (new.updated_at <> old.updated_at or new.events <> old.events) execute function note_row('webhook');
create trigger webhook_health_changed
    after update of state, healthy, paused_until, breaker_until, breaker_openings on webhook for each row
    when ((new.state, new.healthy, new.paused_until, new.breaker_until, new.breaker_openings)
        is distinct from (old.state, old.healthy, old.paused_until, old.breaker_until, old.breaker_openings))
    execute function note_health();

create trigger client_changed
    after update of max_accounts, max_webhooks, max_requests_per_second, erasing_since on client for each row
    when ((new.max_accounts, new.max_webhooks, new.max_requests_per_second, new.erasing_since)
        is distinct from (old.max_accounts, old.max_webhooks, old.max_requests_per_second, old.erasing_since))
    execute function note_row('client');

-- Not where only the time of the last use is written.
create trigger api_key_changed after update of scopes, hash, expires_at, previous_hash, previous_until on api_key for each row
    execute function note_row('api_key');
create trigger api_key_removed after delete on api_key
    referencing old table as changed for each statement execute function note_rows('api_key');

create trigger oauth_app_changed after update of updated_at on oauth_app for each row
    when (new.updated_at <> old.updated_at) execute function note_row('oauth_app');
create trigger oauth_app_removed after delete on oauth_app
    referencing old table as changed for each statement execute function note_rows('oauth_app');

-- The row is the canary: the mail that Mailbell last sent to itself, and what became of those before it.
create table canary (
    id            boolean     primary key default true check (id),
    account_id    uuid        not null, -- whose mailbox receives it
    token         text,                 -- in the subject of the mail that is to be announced; null: none is
    sent_at       timestamptz,          -- when the daemon began to send that mail; null: it waits for none
    accepted_at   timestamptz,          -- when the mail server had accepted it; null: not known
    announced_at  timestamptz,          -- the mail.new that announced the latest one that was announced
    took_ms       bigint,               -- from its acceptance to that; null: none was announced
    misses        integer     not null default 0, -- in a row: mails that were not announced in time, or could not be sent
    reason        text,                 -- why the latest one is a miss, for programs; null: it is none
    problem       text,                 -- and for people
    late_announced boolean    not null default false, -- canary.late was announced, and no mail was announced since
    next_at       timestamptz not null  -- when the next mail is due
);

-- Always empty. While the server refuses writes, a transaction that writes here and is rolled back tests whether writes are
-- possible again.
create unlogged table write_probe (filler text not null);
