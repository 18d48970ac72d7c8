-- How long the oldest delivery has waited is asked all the time. In the order of creation, which no other index of what
-- is pending has.
create index delivery_oldest on delivery (id) where status = 'pending';
