-- Webhooks are of three kinds for an event: healthy, untried (enabled, without a latest delivery that was taken), and all
-- others. Of each kind the statement of an event reads the first ones that want it.
drop index webhook_health;
create index webhook_healthy on webhook (client_id, id) where healthy;
create index webhook_untried on webhook (client_id, id) where not healthy and state = 'enabled';
create index webhook_dead on webhook (client_id, id) where not healthy and state <> 'enabled';

-- Ids have no use for being compressed.
alter table fanout alter column served set storage external;
