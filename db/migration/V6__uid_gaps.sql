-- IMAP: UIDs below uid_next that no check has found, as in 4:7,9. A message that appears there later is new.
alter table mailbox add column uid_gaps text;
