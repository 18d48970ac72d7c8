-- Whether an account's client was told that looks at it fail (account.retrying): told once, and taken back
-- by account.recovered, also over a restart.
alter table account add column retrying_told boolean not null default false;
create index account_retrying_told on account (id) where retrying_told;
