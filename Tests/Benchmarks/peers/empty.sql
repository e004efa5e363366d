-- The harness starts from nothing; prepare.py lets the product make its own schema.
drop schema if exists tallyman cascade;
