-- Why:    an incident says why its statements misbehave, with a probability for each cause.
-- Locks:  ACCESS EXCLUSIVE for an instant: a column with a constant default, no rewrite.

ALTER TABLE monitoring.incidents ADD COLUMN causes jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN monitoring.incidents.causes IS 'The likeliest causes, strongest first: cause, probability, and the clues that speak for it with their bits.';
