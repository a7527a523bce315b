-- ----------------------------------------------------------------
-- every function is for everyone: values in, values out
-- ----------------------------------------------------------------

GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA promo TO PUBLIC;
