-- The activities of a shop by the names that operations people use, with the figures that they quote.
\set ECHO none
BEGIN;
\ir shorthand.psql
SELECT plan(68);

-- 单品折扣
SELECT is(total('A 1x100', 'save 20% on sku A'), 80.00, '单品折扣: 100 at 20% off is 80');
SELECT is(total('A 1x100, B 1x50', 'save 20% on sku A'), 130.00, '单品折扣: other products keep their price');

-- 单品阶梯折扣
SELECT is(total('A 1x100', 'buy 2 save 5%, buy 5 save 20% on sku A'), 100.00, '单品阶梯折扣: 1 piece, no discount');
SELECT is(total('A 2x100', 'buy 2 save 5%, buy 5 save 20% on sku A'), 190.00, '单品阶梯折扣: 2 pieces, 5% off all');
SELECT is(total('A 4x100', 'buy 2 save 5%, buy 5 save 20% on sku A'), 380.00, '单品阶梯折扣: 4 pieces, still 5%');
SELECT is(total('A 5x100', 'buy 2 save 5%, buy 5 save 20% on sku A'), 400.00, '单品阶梯折扣: 5 pieces, 20% off all');
SELECT is(total('A 9x100', 'buy 2 save 5%, buy 5 save 20% on sku A'), 720.00, '单品阶梯折扣: more than 5, 20% off all');

-- 单品减免
SELECT is(total('A 1x100', 'save 20 each on sku A'), 80.00, '单品减免: 100 less 20 is sold at 80');
SELECT is(total('A 3x100', 'save 20 each on sku A'), 240.00, '单品减免: 20 off every piece');
SELECT is(total('A 1x100', 'price 80 each on sku A'), 80.00, '单品减免: 100 sold at 80');
SELECT is(total('A 3x100', 'price 80 each on sku A'), 240.00, '单品减免: every piece at 80');

-- 单品满减
SELECT is(total('A 1x80', 'spend 200 save 30 on sku A'), 80.00, '单品满减: 80 apiece, 1 piece does not reach 200');
SELECT is(total('A 2x80', 'spend 200 save 30 on sku A'), 160.00, '单品满减: nor do 2');
SELECT is(total('A 3x80', 'spend 200 save 30 on sku A'), 210.00, '单品满减: 3 pieces reach 200 and save 30');
SELECT is(total('A 6x80', 'spend 200 save 30 on sku A'), 450.00, '单品满减: 6 pieces save 30 as well');
SELECT results_eq($$ SELECT status, needs_amount, needs_qty, next_saving
	FROM promo.explain(cart_of('A 1x80'), 'spend 200 save 30 on sku A', '2026-01-05') $$,
	$$ VALUES ('not_met', 120.00, 2::numeric, 30.00) $$, '单品满减: with 1 piece, 2 more are needed');
SELECT results_eq($$ SELECT status, needs_amount, needs_qty, next_saving
	FROM promo.explain(cart_of('A 2x80'), 'spend 200 save 30 on sku A', '2026-01-05') $$,
	$$ VALUES ('not_met', 40.00, 1::numeric, 30.00) $$, '单品满减: with 2 pieces, 1 more is needed');

-- 阶梯满减
SELECT is(total('A 1x100', 'spend 200 save 10, spend 300 save 30, spend 500 save 60 on sku A'), 100.00, '阶梯满减: 100 saves nothing');
SELECT is(total('A 2x100', 'spend 200 save 10, spend 300 save 30, spend 500 save 60 on sku A'), 190.00, '阶梯满减: 200 saves 10');
SELECT is(total('A 3x100', 'spend 200 save 10, spend 300 save 30, spend 500 save 60 on sku A'), 270.00, '阶梯满减: 300 saves 30');
SELECT is(total('A 4x100', 'spend 200 save 10, spend 300 save 30, spend 500 save 60 on sku A'), 370.00, '阶梯满减: 400 still saves 30');
SELECT is(total('A 5x100', 'spend 200 save 10, spend 300 save 30, spend 500 save 60 on sku A'), 440.00, '阶梯满减: 500 saves 60');
SELECT is(total('A 10x100', 'spend 200 save 10, spend 300 save 30, spend 500 save 60 on sku A'), 940.00, '阶梯满减: 1000 saves 60, once');

-- 每满减
SELECT is(total('A 1x199.99', 'every 200 save 30 on sku A max 90'), 199.99, '每满减: 199.99 is not a full 200');
SELECT is(total('A 2x100', 'every 200 save 30 on sku A max 90'), 170.00, '每满减: 200 saves 30');
SELECT is(total('A 5x100', 'every 200 save 30 on sku A max 90'), 440.00, '每满减: 500 has two full 200');
SELECT is(total('A 6x100', 'every 200 save 30 on sku A max 90'), 510.00, '每满减: 600 saves 90');
SELECT is(total('A 8x100', 'every 200 save 30 on sku A max 90'), 710.00, '每满减: 800 saves no more than 90');

-- 单品加价购
SELECT is(total('A 1x500, B 1x60', 'spend 500 add sku B at 20 on sku A'), 520.00, '加价购: 500 of A, plus 20 buys B');
SELECT is(total('A 1x500, B 2x60', 'spend 500 add sku B at 20 on sku A'), 580.00, '加价购: one B only');
SELECT is(total('A 1x499, B 1x60', 'spend 500 add sku B at 20 on sku A'), 559.00, '加价购: 499 of A does not qualify');
SELECT is(total('A 1x500', 'spend 500 add sku B at 20 on sku A'), 500.00, '加价购: B not in the cart costs nothing yet');
SELECT results_eq($$ SELECT rule, kind, sku, price, qty FROM promo.offers(priced('A 1x500', 'spend 500 add sku B at 20 on sku A')) $$,
	$$ VALUES ('1', 'add', 'B', 20.00, 1::numeric) $$, '加价购: B not in the cart is an offer');
SELECT is_empty($$ SELECT * FROM promo.offers(priced('A 1x500, B 1x60', 'spend 500 add sku B at 20 on sku A')) $$,
	'加价购: B in the cart is no offer');
SELECT is_empty($$ SELECT * FROM promo.offers(priced('A 1x499', 'spend 500 add sku B at 20 on sku A')) $$,
	'加价购: nothing is offered below 500');

-- 单品换购
SELECT is(total('A 1x300, B 1x15', 'spend 300 gift sku B on sku A'), 300.00, '换购: 300 of A, the accessory for nothing');
SELECT is(total('A 1x299, B 1x15', 'spend 300 gift sku B on sku A'), 314.00, '换购: 299 of A does not qualify');
SELECT results_eq($$ SELECT rule, kind, sku, price, qty FROM promo.offers(priced('A 1x300', 'spend 300 gift sku B on sku A')) $$,
	$$ VALUES ('1', 'gift', 'B', 0.00, 1::numeric) $$, '换购: the accessory not in the cart is an offer');

-- 秒杀
SELECT is(total('A 2x100', 'price 59 each on sku A limit 2'), 118.00, '秒杀: two at 59');
SELECT is(total('A 5x100', 'price 59 each on sku A limit 2'), 418.00, '秒杀: the other three at their price');
SELECT is(total('A 5x100', rules('100 flash: price 59 each on sku A limit 2', 'daily: save 20% on sku A')), 418.00,
	'秒杀: goes before other activities of the product');
SELECT is(total('A 1x100', rules('100 flash: save 50% on sku A', 'daily: save 20% on sku A')), 50.00, '秒杀: half price');

-- 组合满减
SELECT is(total('A 1x400, B 1x300, C 1x300', 'spend 1000 save 100 on sku A, B, C'), 900.00, '组合满减: together they reach 1000 and save 100');
SELECT is(nets('A 1x400, B 1x300, C 1x300', 'spend 1000 save 100 on sku A, B, C'), '{360.00,270.00,270.00}', '组合满减: each its share');
SELECT is(total('A 1x400, B 1x300, D 1x300', 'spend 1000 save 100 on sku A, B, C'), 1000.00, '组合满减: products not named do not count');
SELECT is(total('A 1x1000', 'spend 1000 save 100 on sku A, B, C'), 900.00, '组合满减: one of them may reach it alone');

-- 组合加价购
SELECT is(total('A 1x400, B 1x300, C 1x300, D 1x120', 'spend 1000 add sku D at 50 on sku A, B, C'), 1050.00, '组合加价购: reach 1000, plus 50 buys D');
SELECT is(total('A 1x400, B 1x300, C 1x299, D 1x120', 'spend 1000 add sku D at 50 on sku A, B, C'), 1119.00, '组合加价购: 999 does not');
SELECT results_eq($$ SELECT kind, sku, price, qty FROM promo.offers(priced('A 1x1000', 'spend 1000 add sku D at 50 on sku A, B, C')) $$,
	$$ VALUES ('add', 'D', 50.00, 1::numeric) $$, '组合加价购: otherwise an offer');

-- 组合换购
SELECT is(total('A 1x300, B 1x200, D 1x30', 'spend 500 gift sku D on sku A, B'), 500.00, '组合换购: reach 500, the accessory for nothing');
SELECT is(total('A 1x300, B 1x200, D 1x30, E 1x20', 'spend 500 gift sku D, E on sku A, B'), 520.00, '组合换购: one of the accessories, the dearest of them');
SELECT is(total('A 1x300, B 1x200, E 1x20', 'spend 500 gift sku D, E on sku A, B'), 500.00, '组合换购: whichever is in the cart');
SELECT set_eq($$ SELECT kind, sku, price, qty FROM promo.offers(priced('A 1x300, B 1x200', 'spend 500 gift sku D, E on sku A, B')) $$,
	$$ VALUES ('gift', 'D', 0.00, 1::numeric), ('gift', 'E', 0.00, 1) $$, '组合换购: any one of those named is offered');

-- 订单满减
SELECT is(total('A 1x500', 'spend over 500 save 30'), 500.00, '订单满减: exactly 500 is not more than 500');
SELECT is(total('A 1x300, B 1x200.01', 'spend over 500 save 30'), 470.01, '订单满减: a cent more saves 30');
SELECT is(total('A 1x1000', 'save 20% on sku A; spend over 500 save 30'), 770.00, '订单满减: on top of product discounts (折上折)');
SELECT is(total('A 1x625', 'save 20% on sku A; spend over 500 save 30'), 500.00, '订单满减: counts what product discounts left');

-- 首单减免
SELECT is(total('A 1x120', 'spend over 100 save 50 for first_order', buyer => '{first_order}'), 70.00, '首单减免: the first order saves 50');
SELECT is(total('A 1x120', 'spend over 100 save 50 for first_order'), 120.00, '首单减免: others do not');
SELECT is(total('A 1x100', 'spend over 100 save 50 for first_order', buyer => '{first_order}'), 100.00, '首单减免: 100 is not more than 100');

-- 买二送一
SELECT is(total('A 3x100 #shoes', 'buy 2 get 1 free on tag shoes'), 200.00, '买二送一: three for the price of two');
SELECT is(total('A 1x100 #shoes, B 1x80 #shoes, C 1x60 #shoes', 'buy 2 get 1 free on tag shoes'), 180.00, '买二送一: the cheapest is free');
SELECT is(total('A 2x100 #shoes', 'buy 2 get 1 free on tag shoes'), 200.00, '买二送一: two are two');

-- N件M元
SELECT is(total('A 1x50, B 1x40, C 1x30', 'buy 3 total 100 on sku A, B, C'), 100.00, 'N件M元: any 3 for 100');
SELECT is(total('A 2x50, B 1x40, C 1x30', 'buy 3 total 100 on sku A, B, C'), 130.00, 'N件M元: the dearest 3, the fourth at its price');

-- 套装
SELECT is(total('A 1x100, B 1x80, C 1x60', 'buy set total 199 on sku A, B, C'), 199.00, '套装: one of each for 199');
SELECT is(total('A 3x100, B 2x80, C 2x60', 'buy set total 199 on sku A, B, C'), 498.00, '套装: two sets, and one A at its price');
SELECT is(total('A 1x100, B 1x80', 'buy set total 199 on sku A, B, C'), 180.00, '套装: incomplete');

SELECT * FROM finish();
ROLLBACK;
