-- name: available
-- The version of the extension that is installed on the server's disk, NULL where its package is missing.
SELECT (SELECT a.default_version FROM pg_catalog.pg_available_extensions a
                         WHERE a.name = 'pg_stat_statements') AS version;

-- name: entries
-- How many entries there are, and how many of them our role may not see.
SELECT count(*) AS entries, count(*) FILTER (WHERE queryid IS NULL) AS hidden
  FROM {schema}.pg_stat_statements(false);

-- name: readable
-- Fails where one text of one entry does not convert into the encoding of this database.
SELECT count(query) AS texts FROM {schema}.pg_stat_statements(true);

-- name: unconverted
-- A database through which every text can be read as it is, because it knows no encoding.
SELECT (SELECT d.datname::text FROM pg_catalog.pg_database d
                         WHERE d.datallowconn AND NOT d.datistemplate
                           AND pg_catalog.pg_encoding_to_char(d.encoding) = 'SQL_ASCII'
                         ORDER BY d.oid LIMIT 1) AS database;
