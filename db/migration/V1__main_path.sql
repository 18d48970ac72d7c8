-- Clients, accounts, the marks of their mailboxes, events, webhooks and deliveries.

create table client (
    id         uuid        primary key,
    name       text        not null unique,
    created_at timestamptz not null default now()
);

-- The operator's key acts as this client unless it names another.
insert into client (id, name) values ('00000000-0000-7000-8000-000000000000', 'default');

-- One row: with which keyset the secrets below are encrypted, so that a lost keyset is told at the start
-- and not at the first look.
create table installation (
    single             boolean primary key default true check (single),
    keyset_fingerprint text    not null
);

create table account (
    id               uuid        primary key,
    client_id        uuid        not null references client,
    shard            smallint    not null check (shard between 0 and 1023),
    ref              text,
    address          text        not null,
    protocol         text        not null check (protocol in ('imap', 'pop3')),
    host             text        not null,
    port             integer     not null check (port between 1 and 65535),
    security         text        not null check (security in ('tls', 'starttls', 'none')),
    username         text        not null,
    auth             text        not null check (auth in ('password', 'oauth2')),
    credential       bytea       not null, -- encrypted, bound to this row
    tls_verify       boolean     not null,
    tls_ca_pem       text,
    mailboxes        text[]      not null,
    push             boolean,              -- null: as configured
    interval_seconds integer,              -- null: as configured
    envelopes        boolean     not null,
    labels           jsonb       not null,
    state            text        not null check (state in ('connecting', 'watching', 'retrying', 'parked', 'paused')),
    state_since      timestamptz not null,
    failure_code     text,
    failure_message  text,
    failure_since    timestamptz,
    failure_attempts integer,
    last_checked_at  timestamptz,
    created_at       timestamptz not null,
    updated_at       timestamptz not null
) with (fillfactor = 80);

create unique index account_ref on account (client_id, ref) where ref is not null;
create index account_of_client on account (client_id, id);

-- The high-water mark of a mailbox and the client's position in it. Every write raises the version; a look's result is
-- recorded only where the version is still the one that the look started from.
create table mailbox (
    account_id          uuid    not null references account on delete cascade,
    name                text    not null,
    version             bigint  not null default 0,
    total               integer,           -- null until the baseline
    top_uid             text,
    uid_validity        bigint,            -- IMAP
    uid_next            bigint,            -- IMAP
    octets              bigint,            -- POP3
    first_uid           text,              -- POP3
    approximate         boolean not null default false,
    pending             integer,
    client_max_id       integer,
    client_uid          text,
    client_uid_validity bigint,
    last_checked_at     timestamptz,
    primary key (account_id, name)
) with (fillfactor = 70);

-- POP3: every message that is there or was there not long ago, 12 bytes each, in chunks, so that one new
-- message rewrites one chunk.
create table known_messages (
    account_id uuid    not null,
    mailbox    text    not null,
    chunk      integer not null,
    entries    bytea   not null,
    primary key (account_id, mailbox, chunk),
    foreign key (account_id, mailbox) references mailbox on delete cascade
);
-- Keys are random bits: compressing them is wasted work.
alter table known_messages alter column entries set storage external;

create table event (
    id         uuid        primary key,
    client_id  uuid        not null references client,
    account_id uuid        references account on delete cascade,
    type       text        not null,
    created_at timestamptz not null,
    payload    text        not null, -- the JSON as it is delivered, byte for byte
    -- Ids are made before the commit, so id order is not commit order. The feed reads in the order of
    -- transactions and stops before the oldest one that is still running: a reader never passes an event by.
    tx         xid8        not null default pg_current_xact_id()
);

create index event_feed on event (client_id, tx, id);
create index event_of_account on event (account_id);

create table webhook (
    id          uuid        primary key,
    client_id   uuid        not null references client,
    url         text        not null,
    events      text[]      not null,
    accounts    uuid[],               -- null: all of the client's
    labels      jsonb       not null, -- those an account must carry
    description text,
    secret      bytea       not null, -- encrypted, bound to this row
    state       text        not null check (state in ('enabled', 'failing', 'disabled')),
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);

create index webhook_of_client on webhook (client_id, id);

create table delivery (
    id              uuid        primary key,
    webhook_id      uuid        not null references webhook on delete cascade,
    event_id        uuid        not null references event on delete cascade,
    account_id      uuid        references account on delete cascade,
    mailbox         text,
    shard           smallint    not null,
    status          text        not null check (status in ('pending', 'delivered', 'failed', 'superseded')),
    attempts        integer     not null default 0,
    next_attempt_at timestamptz not null,
    last_status     integer,
    last_error      text,
    created_at      timestamptz not null,
    completed_at    timestamptz
) with (fillfactor = 80);

create index delivery_pending on delivery (webhook_id, id) where status = 'pending';
create index delivery_of_event on delivery (event_id);
create index delivery_of_account on delivery (account_id);

-- What a creating POST answered, so that a repeated one answers the same.
create table idempotency (
    client_id    uuid        not null references client on delete cascade,
    key          text        not null,
    request_hash bytea       not null,
    status       integer,              -- null while the first request is under way
    answer       bytea,                -- encrypted: it may hold a webhook's secret
    location     text,
    created_at   timestamptz not null,
    primary key (client_id, key)
);

create index idempotency_age on idempotency (created_at);
