-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION promo" to load this file. \quit

-- fails, on purpose, if somebody else already owns a schema of this name
CREATE SCHEMA promo;
COMMENT ON SCHEMA promo IS 'carts, promotion rules and quotes; histories of customers, their scores and models; states, funnels and cohorts of campaigns; and the tables with which promotions are run';
GRANT USAGE ON SCHEMA promo TO PUBLIC;

