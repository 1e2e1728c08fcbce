-- name: memory
-- Room for the texts of all entries, for this transaction only: without it they pass through temporary files.
SELECT pg_catalog.set_config('work_mem', %(memory)s, true);

-- name: texts
-- Some statements' texts as bytes of UTF-8, each cut one character above the limit so that a cut is noticed.
-- In an SQL_ASCII database PostgreSQL knows no encoding: there the bytes come as they are.
SELECT s.dbid::bigint, s.userid::bigint, s.queryid, {toplevel} AS toplevel,
       pg_catalog.convert_to(
         left(s.query, %(chars)s::integer + 1),
         CASE pg_catalog.getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END) AS text
  FROM {schema}.pg_stat_statements(true) AS s
 WHERE (s.dbid, s.userid, s.queryid) IN (
       SELECT w.dbid, w.userid, w.queryid
         FROM unnest(%(dbid)s::oid[], %(userid)s::oid[], %(queryid)s::bigint[]) AS w(dbid, userid, queryid));
