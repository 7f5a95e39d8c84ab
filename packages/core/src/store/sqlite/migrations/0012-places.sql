-- The place in the order of results that an entry keeps although a retry has it done again.

ALTER TABLE entries ADD COLUMN place INTEGER;
