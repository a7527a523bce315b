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
	CHECKPOINT;
	UPDATE draft SET rules = promo.configure(rules, search => 'cart') WHERE name = 'a';
});
my $state = q{
	SELECT md5(string_agg(cart::text || quote::text, '|' ORDER BY id)), sum(promo.total(quote)),
		(SELECT string_agg(rules::text, '|' ORDER BY name) FROM draft) FROM basket};
my $before = $node->safe_psql('postgres', $state);
like($before, qr/^[0-9a-f]{32}\|[0-9.]+\|.*"cart"/, 'there is something to lose');

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
	SELECT count(*) FROM basket, draft
	WHERE name = 'a' AND promo.price(cart, rules, '2026-01-15 12:00+00') IS NULL}),
	'0', 'and stored rules price stored carts');
$node->stop;
done_testing();
