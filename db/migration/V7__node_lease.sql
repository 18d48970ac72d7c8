-- Which daemon checks mailboxes and sends deliveries: the one row's holder, until expires_at by this server's clock.
-- Room in its page keeps the heartbeats, one update a second, heap-only (HOT).
create table node_lease (
    name       text primary key,
    epoch      bigint not null,
    holder     uuid not null,
    node       text not null,
    pid        bigint not null,
    exclusive  boolean not null,
    taken_at   timestamptz not null,
    expires_at timestamptz not null
) with (fillfactor = 20);

-- Written to and rolled back while writes are refused, to find out whether they are again possible. Always empty.
create unlogged table write_probe (filler text not null);
