-- What triggers hold of encrypted workflows is sealed for the run it is going to be: the id of that run and of its data key.
ALTER TABLE trigger_held ADD COLUMN run TEXT;
ALTER TABLE trigger_held ADD COLUMN payload_key TEXT;
CREATE INDEX trigger_held_by_payload_key ON trigger_held (payload_key) WHERE payload_key IS NOT NULL;
