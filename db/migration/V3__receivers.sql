-- What is known of a webhook's receiver, and deliveries that merge while it is behind.

alter table webhook
    add column failing_since    timestamptz,                -- of the first failure after the last success; null: none
    add column failures         integer not null default 0, -- since then
    add column last_error       text,
    add column paused_until     timestamptz,                -- it asked to be left alone, or did not answer in time
    add column breaker_until    timestamptz,                -- it failed over and over; then one probe
    add column breaker_openings integer not null default 0; -- in a row; 0: the breaker is closed

-- mergeable: no lane can have sent it, because it was added while its webhook was behind and no page has taken it since.
-- Only such deliveries merge into a later one. A page that takes one clears the mark before anything is sent, so what a
-- crash leaves between a POST and its completion can never change.
alter table delivery
    add column mergeable boolean not null default false,
    add column new_count integer, -- mail.new: its own and that of all that merged into it
    add column body      text;    -- null: the event's payload

drop index delivery_pending;
-- What is due, and the order within one mailbox. Its account first: a new event asks at once for all webhooks that its
-- mailbox waits for.
create index delivery_due on delivery (webhook_id, next_attempt_at, id) where status = 'pending';
create index delivery_queue on delivery (account_id, coalesce(mailbox, ''), webhook_id, id) where status = 'pending';
