-- name: counters
-- Every entry's counters, never its text: the cheap half of the extension, and one bad text cannot spoil it.
-- The columns are composed from the catalogue; each is COALESCEd, because one NULL would shift a fixed-width row.
SELECT {columns} FROM {schema}.pg_stat_statements(false)
