# Stored values live through a crash and a restart, indexes on them included.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION promo CASCADE;
	CREATE TABLE draft (name text PRIMARY KEY, rules promo.ruleset);
	INSERT INTO draft VALUES ('a', 'buy 2 save 10% on sku A; spend 100 save 5'), ('b', '[]');
	CREATE TABLE basket (id int PRIMARY KEY, cart promo.cart, quote promo.quote);
	INSERT INTO basket
	SELECT id, cart, promo.price(cart, rules, '2026-01-15 12:00+00')
	FROM draft, (
		SELECT id, promo.cart_agg(line, CASE line % 2 WHEN 0 THEN 'A' ELSE 'B' || id END, line, 10 + id)
		FROM generate_series(1, 500) id, generate_series(1, 1 + id % 40) line GROUP BY id) c (id, cart)
	WHERE name = 'a';
	CREATE INDEX ON basket (cart);
	CREATE INDEX ON basket USING hash (quote);
	CREATE TABLE customer (id int PRIMARY KEY, history promo.history, scores promo.rfm, events promo.kpi);
	INSERT INTO customer (id, history, events)
	SELECT id, promo.history_agg('2025-06-01'::date + n * id % 200, n * 10.5 + id),
		promo.kpi_agg(CASE n % 3 WHEN 0 THEN 'order' ELSE 'view' END, (id * n)::bigint, n)
	FROM generate_series(1, 300) id, generate_series(1, 1 + id % 30) n GROUP BY id;
	CREATE TABLE fitted AS
	SELECT promo.rfm_fit(history, '2026-01-01') AS rfm, promo.clv_fit(history, '2026-01-01') AS clv, promo.rollup(events) AS events FROM customer;
	CREATE INDEX ON customer (history);
	CREATE INDEX ON customer USING hash (events);
	CHECKPOINT;
	UPDATE customer SET scores = promo.score(history, rfm, '2026-01-01') FROM fitted;
	UPDATE draft SET rules = promo.configure(rules, search => 'cart') WHERE name = 'a';
});
my $state = q{
	SELECT md5(string_agg(cart::text || quote::text, '|' ORDER BY id)), sum(promo.total(quote)),
		(SELECT string_agg(rules::text, '|' ORDER BY name) FROM draft),
		(SELECT md5(string_agg(concat(history::text, scores::text, events::text), '|' ORDER BY id)) FROM customer),
		(SELECT concat(rfm::text, clv::text, events::text) FROM fitted) FROM basket};
my $before = $node->safe_psql('postgres', $state);
like($before, qr/^[0-9a-f]{32}\|[0-9.]+\|.*"cart".*\|[0-9a-f]{32}\|.*"at_most".*"alpha".*"uniques"/, 'there is something to lose');

$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', $state), $before, 'all is there after a crash');
$node->restart;
is($node->safe_psql('postgres', $state), $before, 'and after a restart');
is( $node->safe_psql('postgres', q{
	SET enable_seqscan = off;
	SET search_path = public, promo;
	SELECT count(*) FROM basket b WHERE (SELECT id FROM basket x WHERE x.cart = b.cart) = id
		AND (SELECT id FROM basket x WHERE x.quote = b.quote) = id}),
	'500', 'indexes find every value');
is( $node->safe_psql('postgres', q{
	SET enable_seqscan = off;
	SET search_path = public, promo;
	SELECT count(*) FROM customer c WHERE (SELECT min(id) FROM customer x WHERE x.history = c.history) = id
		AND (SELECT min(id) FROM customer x WHERE x.events = c.events) = id}),
	'300', 'of customers as well');
is( $node->safe_psql('postgres', q{
	SELECT count(*) FROM basket, draft
	WHERE name = 'a' AND promo.price(cart, rules, '2026-01-15 12:00+00') IS NULL}),
	'0', 'stored rules price stored carts');
is( $node->safe_psql('postgres', q{
	SET search_path = public, promo;
	SELECT count(*) FROM customer, fitted
	WHERE promo.score(history, rfm, '2026-01-01') IS DISTINCT FROM scores OR promo.p_alive(history, clv, '2026-01-01') IS NULL}),
	'0', 'and stored models tell the same of stored histories');
is( $node->safe_psql('postgres', q{
	SELECT promo.uniques(events, 'order') = (SELECT promo.uniques(promo.rollup(c.events), 'order') FROM customer c) FROM fitted}),
	't', 'and stored states still merge');
$node->stop;
done_testing();
