"""A stand-in for Snowflake that target-snowflake really loads into, and dbt-snowflake builds in.

It is fakesnow's server with what fakesnow lacks for these two, in the environment `.venvs/fakesnow`:

    python -m tests.destinations.snowflake --port 0 --reserved FOLLOWING ...

| from target-snowflake or dbt                   | becomes                                                         |
|------------------------------------------------|-----------------------------------------------------------------|
| PUT 'file://...' '@~/path'                     | the same PUT into a stage with a name                           |
| MERGE INTO t USING (SELECT $1:a::TYPE ...      | the staged rows in a temporary table, cast by Snowflake's rules |
|   FROM '@~/path' (FILE_FORMAT => f) QUALIFY .. | for a VARIANT, and the last row of each key; DuckDB's MERGE     |
| COPY INTO t (..) FROM (SELECT ... FROM '@~/..) | the same temporary table; an INSERT; the answer of a COPY       |
| REMOVE '@~/path'                               | the files are deleted                                           |
| DROP FILE FORMAT                               | what CREATE FILE FORMAT has noted is deleted                    |
| CREATE TABLE ... PRIMARY KEY                   | the key's columns are NOT NULL; nothing enforces the key        |
| MERGE between tables, temporary tables in a    | what DuckDB understands                                         |
|   schema, `date + integer`, CREATE TABLE t     |                                                                 |
|   (...) AS SELECT *                            |                                                                 |

It refuses what Snowflake refuses and DuckDB lets pass: reserved words as names, NULL in a key, text longer than its
column, a file format that doesn't exist. It is stricter in one thing: integers have 64 bits, not 38 digits.

Not shown by it: grants, logins with a key, encrypted uploads to a cloud's storage, Snowflake's own casts of a VARIANT,
concurrent runs, what a warehouse costs. `make snowflake-check` runs the same tests in a real account.
"""
