-- What rules mean, sentence by sentence.
\set ECHO none
BEGIN;
\ir shorthand.psql
SELECT plan(331);

-- ----------------------------------------------------------------
-- Stages
-- ----------------------------------------------------------------
SELECT is(total('A 1x100', 'save 10%; save 10% on sku A'), 81.00, 'stages: the order works on what products left');
SELECT is(total('A 1x100', 'save 10% code X; save 5', codes => '{X}'), 85.50, 'stages: codes work on what the order left');
SELECT is(total('A 1x100', 'save 10% on sku A code X; save 20% on sku A', codes => '{X}'), 72.00,
	'stages: a code decides before the scope, so that it adds to product rules');
SELECT is(total('A 1x100', 'save 20; spend 90 free shipping', shipping => 10), 90.00, 'stages: shipping looks at what is left of the goods');
SELECT is(total('A 1x100', 'save 10; spend 90 free shipping', shipping => 10), 90.00, 'stages: and is free where that reaches');
SELECT is(promo.points(priced('A 1x100', 'save 10; every 30 earn 1 points')), 3::numeric, 'stages: points look at what is left of the goods');
SELECT is(total('A 1x100', 'save 10% on sku A; free shipping on sku A', shipping => 10), 90.00,
	'stages: the action decides first, a shipping rule with a product scope rivals no product rule');
SELECT is(total('A 1x100', 'save 5 code X; save 4 shipping code Y', codes => '{X,Y}', shipping => 10), 101.00,
	'stages: the action decides before the code');
SELECT is(total('A 1x100', rules('100 last: save 10% code X', '50 second: save 10', '1 first: save 20% on sku A'), codes => '{X}'), 63.00,
	'stages: priority does not change their order');

-- ----------------------------------------------------------------
-- One rule per product and stage
-- ----------------------------------------------------------------
SELECT is(total('A 1x100', 'save 10% on sku A; save 20 each on sku A'), 80.00, 'one rule: a product takes one');
SELECT is(total('A 1x100 #x, A 1x100 #y', 'save 10% on tag x; save 20% on tag y'), 180.00, 'one rule: of all its lines');
SELECT is(total('A 1x100, B 1x100', 'save 10% on sku A; save 20% on sku B'), 170.00, 'one rule: each product its own');
SELECT is(total('A 1x100', 'save 5; save 7'), 93.00, 'one rule: the order takes one');
SELECT is(total('A 1x100', 'save 5 code X; save 7 code Y', codes => '{X,Y}'), 93.00, 'one rule: so do codes');
SELECT is(total('A 1x100', 'save 5 shipping; save 7 shipping', shipping => 20), 113.00, 'one rule: so does shipping');
SELECT is(promo.points(priced('A 1x100', 'earn 10 points; earn 20 points')), 10::numeric, 'one rule: of points the first by name, for points count as nothing');
SELECT is(promo.points(priced('A 1x100', rules('few: earn 10 points', '1 many: earn 20 points'))), 20::numeric, 'one rule: or by priority');

SELECT is(total('A 1x100', 'save 10% on sku A stack; save 10 each on sku A stack'), 80.00, 'stack: one after another, by name');
SELECT is(total('A 1x100', 'save 10 each on sku A stack; save 10% on sku A stack'), 81.00, 'stack: each on what is left');
SELECT is(total('A 1x100', rules('a: save 10 each on sku A stack', '1 b: save 10% on sku A stack')), 80.00, 'stack: by priority before name');
SELECT is(total('A 1x100', 'save 5 stack; save 7 stack'), 88.00, 'stack: in the order stage');
SELECT is(total('A 1x100', 'save 10% on sku A stack; save 15% on sku A; save 4% on sku A stack'), 85.00, 'stack: together rivals of one that does not stack');
SELECT is(total('A 1x100', 'save 10% on sku A stack; save 15% on sku A; save 10% on sku A stack'), 81.00, 'stack: which they beat together');
SELECT is(total('A 1x100', 'save 5 stack; save 7 stack; save 11'), 88.00, 'stack: in the order stage too');
SELECT is(total('A 1x100', 'save 50 stack; save 10 stack when spend 100'), 40.00, 'stack: `when` looks at the cart as the stage began');
SELECT is(total('A 1x100, B 1x100', 'save 10 on sku A stack; save 20 on sku A, B'), 170.00, 'stack: a rival may take another product');
SELECT is(total('A 1x100, B 1x100', 'spend 200 save 20 on sku A, B stack; save 10 each on sku A stack'), 170.00, 'stack: they share their products');
SELECT is(promo.points(priced('A 1x100', 'earn 10 points stack; points x3 stack')), 30::numeric, 'stack: of points');

SELECT is(total('A 1x150, B 1x100', rules('1 b: save 10% on sku B', 'ab: spend 200 save 30 on sku A, B')), 240.00,
	'taking: a line taken by another rule does not count');
SELECT is(total('A 1x200, C 1x5', rules('1 gift: spend 200 gift sku C on sku A', 'a: save 10% on sku A')), 200.00,
	'taking: a rule takes the lines that reached its condition, too');
SELECT is(total('A 2x100, B 2x10', rules('1 pair: buy 2 get 1 free on sku A, B', 'b: save 50% on sku B')), 210.00,
	'taking: and those of its reward');
SELECT is(total('A 4x100, B 1x10', rules('1 pair: buy 2 get 2 free on sku A, B floor 10', 'b: save 1 on sku B')), 309.00,
	'taking: but not what a floor keeps it from giving');
SELECT is(total('A 5x100', rules('1 two: price 59 each on sku A limit 2', 'all: save 10% on sku A')), 418.00, 'taking: units beyond a limit stay at their price');

-- ----------------------------------------------------------------
-- Which one
-- ----------------------------------------------------------------
SELECT is(total('A 1x100', rules('1 a: save 5% on sku A', 'b: save 50% on sku A')), 95.00, 'which: higher priority first');
SELECT is(total('A 1x100', rules('a: save 5', '-1 b: save 50')), 95.00, 'which: priorities may be negative');
SELECT is(total('A 2x120, B 1x0', 'spend 240 save 5% on sku A, B limit 1; save 5%, buy 2 save 20% on sku B graduated'), 240.00,
	'which: a rule that has nothing to give on is no rival');
SELECT is(total('A 3x100 floor 100, B 1x101', 'get 3 free on sku A, B; save 5%, buy 4 save 20% on sku A graduated'), 401.00,
	'which: nor is one that floors leave no room');
SELECT is((SELECT array_agg(DISTINCT rule ORDER BY rule) FROM promo.adjustments(priced('D 4x10, C 6x10 #shoes cost 3, A 4x10, A 2x10',
		  promo.configure(rules('b: spend 100 price 5.5555 each margin 33.3333%', 'a: every 3 units save 100% on tag shoes limit 1', 'c: buy 2 get 3 of sku A free on sku A'), search => 'cart')))),
	'{b,c}', 'which: at equal totals fewer rules, whatever rounding makes of a margin');
SELECT is(total('A 1x100, B 1x100, C 1x100', 'spend 300 save 60 on sku A, B, C; spend 200 save 45 on sku A, B; save 20 on sku C'), 235.00,
	'which: two rules that together save more');
SELECT is(total('A 1x100, B 1x100, C 1x100', 'spend 300 save 70 on sku A, B, C; spend 200 save 45 on sku A, B; save 20 on sku C'), 230.00,
	'which: one rule that saves more');
SELECT is(total('A 1x100, B 1x100, C 1x100', 'save 30 on sku A, B; save 25 on sku B, C; save 10 on sku A; save 5 on sku C'), 235.00,
	'which: the best of all ways, not the best rule first');
SELECT is((SELECT array_agg(DISTINCT rule) FROM promo.adjustments(priced('A 1x100, B 1x100', 'save 10 on sku A; save 10 on sku B; spend 200 save 20 on sku A, B'))),
	'{3}', 'which: ties go to fewer rules');
SELECT is(total('A 1x100, G 1x30', 'spend 100 gift sku G on sku A; save 50% on sku A'), 80.00, 'which: a gift in the cart is worth its price');
SELECT is(total('A 1x100', rules('10 a: spend 500 save 50% on sku A', 'b: save 5% on sku A')), 95.00, 'which: one that is not reached is no rival');
SELECT is(total('A 1x100', rules('10 a: save 50% on sku A for gold', 'b: save 5% on sku A')), 95.00, 'which: nor one that is for others');
SELECT is((SELECT array_agg(rule) FROM promo.adjustments(priced('A 1x100', rules('z: save 10% on sku A', 'b: save 10 each on sku A', 'c: save 10 on sku A')))),
	'{b}', 'which: then to the name');
SELECT is((priced('A 1x100', 'save 10% on sku A; save 5 on sku A'))::jsonb->>'optimal' IS DISTINCT FROM 'false', true, 'which: a finished search says so');
SELECT is(priced('A 1x100, B 1x100, C 1x100',
				 promo.configure('save 30 on sku A, B; save 25 on sku B, C; save 10 on sku A; save 5 on sku C; save 9 on sku A, C', search_limit => 1))::jsonb->>'optimal',
	'false', 'which: a search cut short says so');
SELECT cmp_ok(total('A 1x100, B 1x100, C 1x100',
				 promo.configure('save 30 on sku A, B; save 25 on sku B, C; save 10 on sku A; save 5 on sku C; save 9 on sku A, C', search_limit => 1)),
	'<', 300.00, 'which: and has found something');
SELECT is(total('A 1x100', 'save 1 on sku A; spend 100 save 20'), 99.00, 'search stage: a product rule applies though it costs the order its own');
SELECT is(total('A 1x100', promo.configure('save 1 on sku A; spend 100 save 20', search => 'cart')), 80.00, 'search cart: the whole cart decides');
SELECT is(total('A 1x100', promo.configure('save 1 on sku A', search => 'cart')), 99.00, 'search cart: a rule is left out only where it pays');
SELECT is(total('A 1x100', promo.configure('save 10; spend 95 free shipping', search => 'cart'), shipping => 12), 100.00, 'search cart: shipping counts');
SELECT is(total('A 1x100', 'spend 100 gift sku B on sku A; save 1 on sku A'), 99.00, 'which: offers count as nothing');

-- ----------------------------------------------------------------
-- Exclusive, group, stop
-- ----------------------------------------------------------------
SELECT is(total('A 1x100', 'save 1 on sku A exclusive; save 50% on sku A; save 10'), 99.00, 'exclusive: alone in its cart');
SELECT is(total('A 1x100', rules('1 better: save 50% on sku A', 'alone: save 1 exclusive')), 99.00, 'exclusive: looked at before all others, whatever their priority');
SELECT is(total('A 1x100', 'spend 200 save 1 exclusive; save 10'), 90.00, 'exclusive: only if reached');
SELECT is(total('A 1x100', 'price 120 each on sku A exclusive; save 10'), 90.00, 'exclusive: only if it gives something');
SELECT is(total('A 1x100', 'save 1 exclusive; save 2 exclusive'), 98.00, 'exclusive: of several the one with the lowest total');
SELECT is(total('A 1x100', rules('1 first: save 1 exclusive', 'second: save 2 exclusive')), 99.00, 'exclusive: but first by priority');
SELECT is(total('A 1x100', 'earn 10 points exclusive; save 5'), 95.00, 'exclusive: one that gives points gives way to money');
SELECT is(promo.points(priced('A 1x100', 'earn 10 points exclusive; save 5')), 0::numeric, 'exclusive: and is out');
SELECT is(promo.points(priced('A 1x100', 'earn 10 points exclusive; earn 5 points stack; spend 200 save 5')), 10::numeric, 'exclusive: unless nothing saves money');

SELECT is(total('A 1x200', 'save 10 group g; save 10% on sku A group g'), 180.00, 'group: the one with the lowest total, of different stages');
SELECT is(total('A 1x50', 'save 10 group g; save 10% on sku A group g'), 40.00, 'group: on another cart the other');
SELECT is(total('A 1x100', rules('1 a: save 5 on sku A group g', 'b: save 20 group g')), 80.00, 'group: whatever their priority');
SELECT is(total('A 1x100', 'save 10 group g code X; save 5 group g'), 95.00, 'group: of those that are open to the buyer');
SELECT is(total('A 1x100', 'save 1 group g exclusive; save 5 group g'), 99.00, 'group: exclusive goes before');
SELECT is(total('A 1x100', 'save 10 group g; save 10% on sku A group h'), 80.00, 'group: different groups do not meet');
SELECT is(total('A 1x100', 'save 10 on sku A stack group g; save 20 on sku A stack group g'), 80.00, 'group: stacked rules, too');

SELECT is(total('A 1x100, B 1x50', 'save 10% on sku A stop; save 20'), 120.00, 'stop: the rest of the cart goes on');
SELECT is(nets('A 1x100, B 1x50', 'save 10% on sku A stop; save 20'), '{90.00,30.00}', 'stop: nothing later on its lines');
SELECT is(total('A 1x100, B 1x50', 'save 10% on sku A stop; spend 100 save 20'), 140.00, 'stop: nor do they count later');
SELECT is(total('A 1x100, B 1x50', 'save 20 on sku B stop when sku A; save 10% code X', codes => '{X}'), 120.00, 'stop: for codes as well');
SELECT is(total('A 1x100', 'save 10 stop; save 5 code X', codes => '{X}'), 90.00, 'stop: of a rule on the order');
SELECT is(total('A 1x100', 'save 10% on sku A stop; spend 90 free shipping', shipping => 10), 90.00, 'stop: not for shipping');
SELECT is(total('A 1x100', 'save 10% on sku A stack stop; save 10% on sku A stack'), 90.00, 'stop: for the rest of its own stage');
SELECT is(total('A 1x100', 'price 120 each on sku A stop; save 10'), 90.00, 'stop: only where it discounted');
SELECT is(promo.points(priced('A 1x100, B 1x50', 'save 10% on sku A stop; every 10 earn 1 points')), 5::numeric, 'stop: for points');

-- ----------------------------------------------------------------
-- Line amount and thresholds
-- ----------------------------------------------------------------
SELECT is(total('A 0.333x9.99', '[]'), 3.33, 'line amount: qty x price, rounded to the unit');
SELECT is(total('A 0.5x0.01, B 0.5x0.01', '[]'), 0.02, 'line amount: each line by itself');
SELECT is(total('A 1x200', 'spend 200 save 30'), 170.00, 'threshold: spend 200 is reached at 200');
SELECT is(total('A 1x199.99', 'spend 200 save 30'), 199.99, 'threshold: not below');
SELECT is(total('A 1x200', 'spend over 200 save 30'), 200.00, 'threshold: spend over 200 is not reached at 200');
SELECT is(total('A 1x200.01', 'spend over 200 save 30'), 170.01, 'threshold: but above');
SELECT is(total('A 1x100', 'save 10% on sku A stack; spend 100 save 5 on sku A stack'), 85.00, 'threshold: product rules look at the list price');
SELECT is(total('A 1x100', 'save 10% on sku A stack; spend 100 save 5 on sku A stack of running'), 90.00, 'threshold: of running, at what is left');
SELECT is(total('A 1x100', 'save 10% on sku A; spend 100 save 5'), 90.00, 'threshold: later rules look at the running amount');
SELECT is(total('A 1x100', 'save 10% on sku A; spend 100 save 5 of list'), 85.00, 'threshold: of list, at the list price');
SELECT is(total('A 2x100', 'every 100 save 60 on sku A'), 80.00, 'threshold: a rule does not look at its own effect');
SELECT is(total('A 3x100', 'buy 2 get 1 free on sku A; spend 250 save 10 of list'), 200.00, 'threshold: free units do not count, not even at list price');
SELECT is(total('A 3x100', 'buy 2 get 1 free on sku A; spend 200 save 10 of list'), 190.00, 'threshold: the others do');
SELECT is(total('A 5x100', 'spend 100 save 10, spend 200 save 30'), 470.00, 'threshold: the highest tier applies, once');
SELECT is(total('A 5x100', 'spend 200 save 10, spend over 200 save 30'), 470.00, 'threshold: over 200 is above 200');
SELECT is(total('A 1x100', 'save 5, spend 200 save 30'), 95.00, 'threshold: a first tier may have no condition');
SELECT is(total('A 1x100, B 1x100, C 1x100', 'spend 200 save 30 on sku A, B except sku B'), 300.00, 'threshold: only lines in scope count');

-- ----------------------------------------------------------------
-- Rounding
-- ----------------------------------------------------------------
SELECT is(nets('A 1x0.05, A 1x0.05, A 1x0.05', 'save 10% on sku A'), '{0.04,0.04,0.04}', 'rounding: in the product stage on each line alone');
SELECT is(total('A 1x0.05, B 1x0.05, C 1x0.05', 'save 10%'), 0.13, 'rounding: in the order stage once on the total');
SELECT is(total('A 3x0.05', 'save 10% on sku A'), 0.13, 'rounding: never per unit');
SELECT is(total('A 1x0.05', 'save 50% on sku A'), 0.02, 'rounding: the discount is rounded, the price is the difference');
SELECT is(total('A 0.333x9.99', 'price 5 each on sku A'), 1.66, 'rounding: price each on the line');
SELECT is(total('A 0.333x9.99', 'save 5 each on sku A'), 1.66, 'rounding: save each on the line');
SELECT is(nets('A 1x0.25, B 1x0.15', promo.configure('save 10% on sku A, B', rounding => 'half_up')), '{0.22,0.13}', 'rounding: half_up');
SELECT is(nets('A 1x0.25, B 1x0.15', promo.configure('save 10% on sku A, B', rounding => 'half_even')), '{0.23,0.13}', 'rounding: half_even');
SELECT is(nets('A 1x0.29, B 1x0.19', promo.configure('save 10% on sku A, B', rounding => 'down')), '{0.27,0.18}', 'rounding: down');
SELECT is(total('A 1x99', promo.configure('save 10% on sku A', unit => 1)), 89.00, 'rounding: to whole units of money');
SELECT is(total('A 1x99.50', promo.configure('[]', unit => 1)), 100.00, 'rounding: line amounts to the unit as well');
SELECT is(total('A 1x9.95', promo.configure('save 10% on sku A', unit => 0.05)), 8.95, 'rounding: to 0.05');
SELECT is(total('A 1x9.75', promo.configure('save 10% on sku A', unit => 0.05)), 8.75, 'rounding: 0.975 to 0.05 is 1.00');
SELECT is(nets('A 1x10, B 1x10, C 1x10', promo.configure('save 10', unit => 1)), '{6.00,7.00,7.00}', 'rounding: shares in the unit');
SELECT is(total('A 1x100', promo.configure('save 4.50', unit => 1)), 95.00, 'rounding: an amount, too');
SELECT is(total('A 1x100', promo.configure('save 50% max 4.50', unit => 1)), 96.00, 'rounding: never above max');
SELECT is(total('A 1x100 floor 9.50', promo.configure('save 100% on sku A', unit => 1)), 10.00, 'rounding: nor below a floor');
SELECT is(total('A 2x0.05', 'buy 1 get 1 save 50% on sku A'), 0.07, 'rounding: of rewards');
SELECT is(total('A 4x0.05', 'buy 1 get 1 save 50% on sku A'), 0.15, 'rounding: once for all of them');

-- ----------------------------------------------------------------
-- Apportionment
-- ----------------------------------------------------------------
SELECT is(nets('A 1x100, B 1x100, C 1x100', 'save 10 on sku A, B, C'), '{96.66,96.67,96.67}', 'apportionment: ties to the earlier line');
SELECT is(nets('A 1x100, B 1x200, C 1x300', 'save 10'), '{98.33,196.67,295.00}', 'apportionment: the largest remainder');
SELECT is(nets('A 1x100, B 1x100, C 1x100', 'save 0.01 on sku A, B, C'), '{99.99,100.00,100.00}', 'apportionment: of one cent');
SELECT is(nets('A 1x0, B 1x100', 'save 10'), '{0.00,90.00}', 'apportionment: nothing to what costs nothing');
SELECT is(nets('A 1x100, B 1x50', 'spend 100 save 10 on order except sku B'), '{90.00,50.00}', 'apportionment: nothing to what is excepted');
SELECT is(nets('A 1x100, B 1x100', 'save 40 each on sku A; save 16'), '{54.00,90.00}', 'apportionment: over what is left of the lines');
SELECT is(nets('A 1x100 floor 95, B 1x100', 'save 20 on sku A, B'), '{95.00,85.00}', 'apportionment: what a floor blocks goes to the others');
SELECT is(nets('A 1x100 floor 95, B 1x100', 'save 10%'), '{95.00,85.00}', 'apportionment: also of a percentage of the order');
SELECT is(nets('A 1x100 floor 95, B 1x100', 'save 20 on sku A, B floor 90'), '{95.00,90.00}', 'apportionment: the higher floor, of the line or of the rule');
SELECT is(nets('A 1x100, B 1x100', 'save 20 on sku A, B floor 95'), '{95.00,95.00}', 'apportionment: what nobody has room for is not given');
SELECT is((SELECT reason FROM promo.explain(cart_of('A 1x100, B 1x100'), 'save 20 on sku A, B floor 95', '2026-01-05')),
	'saves 10.00 of 20.00, the rest is blocked by a floor, cap or margin', 'apportionment: explain says so');
SELECT is(nets('A 1x100 cost 80', 'save 50% on sku A margin 10%'), '{88.89}', 'margin: the lowest price with a margin of 10%');
SELECT is(nets('A 2x100 cost 80', 'save 50% on sku A margin 20%'), '{200.00}', 'margin: nothing where there is no more');
SELECT is(nets('A 3x100 cost 80', 'save 50% on sku A margin 10%'), '{266.67}', 'margin: of the line, rounded up');
SELECT is(nets('A 0.350x10 floor 9', 'save 50% on sku A'), '{3.15}', 'floor: of a fraction');
SELECT is(nets('A 1x100, B 1x100 cost 50', 'save 20 on sku A, B margin 10%'), '{100.00,80.00}', 'margin: a line without cost gives nothing');
SELECT results_eq($$ SELECT status, reason FROM promo.explain(cart_of('A 1x100'), 'save 20 on sku A margin 10%', '2026-01-05') $$,
	$$ VALUES ('no_room', 'cost unknown') $$, 'margin: the reason is cost unknown');
SELECT is(nets('A 1x100, B 1x50', 'save 50% on sku A, B max 30'), '{80.00,40.00}', 'max: a cut sum by what each would have saved');
SELECT is(nets('A 1x100, B 1x300', 'save 50% max 40'), '{90.00,270.00}', 'max: of the order');
SELECT is(total('A 1x10', 'save 20'), 0.00, 'nothing is priced below zero');
SELECT is(total('A 1x10', 'save 20 each on sku A'), 0.00, 'nothing is priced below zero, each');

-- ----------------------------------------------------------------
-- Units
-- ----------------------------------------------------------------
SELECT is(total('A 0.350x10', 'save 2 each on sku A'), 2.80, 'units: each is per 1 of quantity, 0.350 kg');
SELECT is(total('A 0.350x10', 'price 8 each on sku A'), 2.80, 'units: price each, too');
SELECT is(total('A 1.9x10', 'buy 2 save 10% on sku A'), 19.00, 'units: buy counts whole units');
SELECT is(total('A 2.5x10', 'buy 2 save 10% on sku A'), 22.50, 'units: and the discount is of the whole line');
SELECT is(total('A 2.5x10', 'price 5 each on sku A limit 2'), 15.00, 'units: limit counts whole units');
SELECT is(total('A 2.5x10', 'price 5 each on sku A limit 3'), 15.00, 'units: the half behind them is none');
SELECT is(total('A 1.5x10, B 1.5x10', 'buy 3 save 10% on sku A, B'), 30.00, 'units: halves of two lines make no unit');
SELECT is(total('A 1x100, B 1x60', 'save 50% on sku A, B limit 1'), 130.00, 'units: limit takes the cheapest');
SELECT is(total('A 1x100, B 1x60', 'save 50% on sku A, B limit 1 dearest'), 110.00, 'units: or the dearest');
SELECT is(total('A 3x100, B 2x60', 'save 50% on sku A, B limit 2 per line'), 260.00, 'units: limit per line');
SELECT is(nets('A 1x100, B 1x60', 'buy 1 get 1 free on sku A, B'), '{100.00,0.00}', 'units: for get the cheapest take');
SELECT is(nets('A 1x100, B 1x60', 'buy 1 get 1 free on sku A, B dearest'), '{0.00,60.00}', 'units: or the dearest');
SELECT is(nets('A 1x100, B 1x95', 'save 10 each on sku A stack; buy 1 get 1 free on sku A, B stack'), '{0.00,95.00}', 'units: by the average left on their line');
SELECT is(total('A 4x100', 'buy 2 get 1 free on sku A'), 300.00, 'units: a unit is used once');
SELECT is(total('A 5x100', 'buy 2 get 1 free on sku A'), 400.00, 'units: 5 units, buy 2 get 1: one');
SELECT is(total('A 6x100', 'buy 2 get 1 free on sku A'), 400.00, 'units: 6 units: two');
SELECT is(total('A 7x100', 'buy 2 get 2 free on sku A'), 400.00, 'units: 7 units, buy 2 get 2: three, a partial reward is given');
SELECT is(total('A 4x100', 'buy 3 get 2 free on sku A'), 300.00, 'units: 4 units, buy 3 get 2: one');
SELECT is(total('A 7x50', 'buy 3 total 100 on sku A'), 250.00, 'units: groups of 3 repeat, the rest keep their price');
SELECT is(total('A 2x60, B 3x40, C 1x10', 'buy 3 total 100 on sku A, B, C'), 190.00, 'units: dearest first; a group that costs less keeps its price');
SELECT is(total('A 2x60, B 3x40, C 1x10', 'buy 3 total 60 on sku A, B, C cheapest'), 120.00, 'units: cheapest first');
SELECT is(total('A 7x20', 'every 3 units save 5 each on sku A'), 110.00, 'units: each unit of the full groups');
SELECT is(total('A 7x20', 'every 3 units save 10 on sku A'), 120.00, 'units: once for each full group');
SELECT is(total('A 2x100, B 2x50', 'every 3 units save 50% on sku A, B'), 175.00, 'units: a percentage of the full groups only, the dearest');
SELECT is(total('A 2x100, B 2x50', 'every 3 units save 50% on sku A, B cheapest'), 200.00, 'units: or the cheapest');
SELECT is(total('A 3x100', 'every 2 units price 70 each on sku A'), 240.00, 'units: price each of the full groups');
SELECT is(total('A 5x100', 'every 100 save 10 on sku A times 2'), 480.00, 'times: bounds every');
SELECT is(total('A 4x100', 'buy 1 get 1 free on sku A times 1'), 300.00, 'times: bounds buy N get');
SELECT is(total('A 6x50', 'buy 3 total 100 on sku A times 1'), 250.00, 'times: bounds groups');
SELECT is(total('A 2x100, B 2x80', 'buy set total 150 on sku A, B times 1'), 330.00, 'times: bounds sets');
SELECT is(total('A 6x50', 'buy 2 save 10 on sku A'), 290.00, 'units: other buy applies once');
SELECT is(total('A 2x100, B 1x50', 'buy set save 10% on sku A, B'), 235.00, 'units: a percentage of the sets only');
SELECT is(total('A 2x100, B 3x50', 'buy set save 10 on sku A, B'), 330.00, 'units: once for each complete set');
SELECT is(total('A 1x100, B 1x50', 'total 120 on sku A, B'), 120.00, 'units: total without condition is of all');
SELECT is(total('A 2x125', 'spend 200 total 150 on sku A'), 150.00, 'units: total after spend is of all');
SELECT is(total('A 5x100', 'every 200 total 150 on sku A'), 400.00, 'units: total of each full 200, (200 - 150) x 2');
SELECT is(total('A 5x100', 'every 200 save 10% on sku A'), 460.00, 'units: a percentage of each full 200 only');
SELECT is(total('A 4x50', 'every 3 units total 100 on sku A'), 150.00, 'units: every 3 units total, as buy 3 total');
SELECT is(total('A 4x100', 'every 3 units save 50% on sku A limit 1'), 350.00, 'units: limit of those of the full groups');
SELECT is(total('A 1x100', 'total 120 on sku A'), 100.00, 'no rule raises a price: total');
SELECT is(total('A 1x100', 'price 120 each on sku A'), 100.00, 'no rule raises a price: price each');
SELECT is(total('A 2x100', 'buy 1 get 1 save 50% on sku A'), 150.00, 'get: a percentage of the reward');
SELECT is(total('A 2x100', 'buy 1 get 1 save 30 on sku A'), 170.00, 'get: an amount off the reward');
SELECT is(total('A 2x100', 'buy 1 get 1 price 9.90 on sku A'), 109.90, 'get: a price of the reward');
SELECT is(total('A 2x100', 'spend 200 get 1 free on sku A'), 100.00, 'get: spend may give from what was spent');
SELECT is(total('A 2x100, B 1x30', 'buy 2 get 1 of sku B free on sku A'), 200.00, 'get: of another product');
SELECT is(total('A 4x100, B 3x30', 'buy 2 get 1 of sku B free on sku A'), 430.00, 'get: of another product, once for each full 2');
SELECT is(total('A 4x100, B 3x10', 'every 200 get 1 of sku B free on sku A'), 410.00, 'get: once for each full 200');
SELECT is(total('A 4x100, B 3x10', 'spend 200 get 1 of sku B free on sku A'), 420.00, 'get: once for spend');
SELECT is(total('A 2x100, B 2x50, C 3x10', 'buy set get 1 of sku C free on sku A, B'), 310.00, 'get: once for each set');
SELECT results_eq($$ SELECT kind, sku, qty FROM promo.offers(priced('A 2x100', 'buy 2 get 1 of sku B free on sku A')) $$,
	$$ VALUES ('get', 'B', 1::numeric) $$, 'get: not in the cart, an offer');
SELECT is(total('A 4x100', 'buy 1 get 1 free on sku A limit 1'), 300.00, 'get: limit bounds the rewards');
SELECT is(total('A 3x50', 'buy set get 1 free on sku A times 2; price 30 each limit 1'), 50.00, 'get: sets use up units that are not rewards, if there are');
SELECT is(total('A 1x0, A 3x100', 'buy 2 get 2 free on all; save 50 when buy 3 on all'), 200.00, 'get: a unit that costs nothing is given free all the same');
SELECT is(total('A 1x50, C 1x50', rules('b: save 10 on sku A group g', '-1 a: save 40 on sku A', 'c: gift sku C on sku B group g')), 90.00,
	'group: what has no line in the cart is no choice, though a reward is there');
SELECT is(total('A 900000000x1', 'buy 2 get 1 free on sku A'), 600000000.00, 'units: as many as one likes');
SELECT is(total('A 900000000000000x1', 'buy 2 get 1 free on sku A'), 600000000000000.00, 'units: as many as there is money for');
SELECT is(total('A 900000000000000x1', 'buy 3 total 2 on sku A'), 600000000000000.00, 'units: groups, too');

-- ----------------------------------------------------------------
-- Graduated
-- ----------------------------------------------------------------
SELECT is(total('A 5x100', 'buy 2 save 10%, buy 4 save 50% on sku A graduated'), 380.00, 'graduated: the slice of buy N begins with the Nth unit');
SELECT is(total('A 5x100', 'buy 3 save 5 each on sku A graduated'), 485.00, 'graduated: save each on its slice');
SELECT is(total('A 3x100', 'buy 2 price 80 each, buy 3 price 60 each on sku A graduated'), 240.00, 'graduated: price each on its slice');
SELECT is(total('A 1x100, B 1x60', 'buy 2 save 50% on sku A, B graduated'), 130.00, 'graduated: the second, dearest first');
SELECT is(total('A 1x100, B 1x60', 'buy 2 save 50% on sku A, B graduated cheapest'), 110.00, 'graduated: the second, cheapest first');
SELECT is(total('A 4x100', 'spend 100 save 10%, spend 300 save 20% on sku A graduated'), 360.00, 'graduated: the slice of spend N is above N');
SELECT is(total('A 4x100', 'spend 100 save 10, spend 300 save 30 on sku A graduated'), 360.00, 'graduated: an amount once for every tier reached');
SELECT is(total('A 1x301, B 1x4', 'spend 100 save 10, spend 300 save 30 on sku A, B graduated'), 290.00, 'graduated: at most its slice');
SELECT is(total('A 4x100', 'spend 100 save 10%, spend 300 save 20% graduated'), 360.00, 'graduated: of the order');
SELECT is(total('A 5x100', 'save 10%, buy 4 save 50% on sku A graduated'), 370.00, 'graduated: a first tier without condition, units 1 to 3');
SELECT is(total('A 5x100', 'save 10%, spend 300 save 50% on sku A graduated'), 370.00, 'graduated: a first tier without condition, up to 300');
SELECT is(total('A 5x100', 'buy 2 save 10%, buy 4 save 40 on sku A graduated'), 440.00, 'graduated: each slice by its own action');
SELECT is(nets('A 1x100, B 1x300', 'spend 100 save 10%, spend 300 save 20% graduated'), '{90.00,270.00}', 'graduated: slices of spend lie over all lines');

-- ----------------------------------------------------------------
-- Add-on and gift
-- ----------------------------------------------------------------
SELECT is(total('A 2x500, B 3x60', 'every 500 add sku B at 20 on sku A'), 1100.00, 'add: one per qualification');
SELECT is(nets('A 1x500, B 1x60, C 1x90', 'spend 500 add sku B, C at 20 on sku A'), '{500.00,60.00,20.00}', 'add: largest saving first');
SELECT is(total('A 1x500, B 1x15', 'spend 500 add sku B at 20 on sku A'), 515.00, 'add: raises no price');
SELECT is(total('A 1x500, B 3x60', 'spend 500 add sku B at 20 x2 on sku A'), 600.00, 'add: x2');
SELECT is(total('A 1x450, B 1x60', 'spend 500 add sku B at 20 on all'), 510.00, 'add: what is re-priced does not count toward the threshold');
SELECT is(total('A 1x450, B 2x60', 'spend 500 add sku B at 20 on all'), 530.00, 'add: only what is not re-priced');
SELECT is(total('A 1x490, B 1x20', 'spend 500 gift sku B'), 510.00, 'gift: in the order stage, too');
SELECT is(total('A 1x500, B 1x20', 'spend 500 gift sku B'), 500.00, 'gift: given in the order stage');
SELECT is(total('A 1x300, B 1x15', 'spend 300 gift sku B x2 on sku A'), 300.00, 'gift: what is in the cart is given');
SELECT results_eq($$ SELECT kind, sku, price, qty FROM promo.offers(priced('A 1x300, B 1x15', 'spend 300 gift sku B x2 on sku A')) $$,
	$$ VALUES ('gift', 'B', 0.00, 1::numeric) $$, 'gift: the rest is an offer');
SELECT is(total('A 2x100, B 1x30', 'buy 2 add sku B at 10 on sku A'), 210.00, 'add: after units');
SELECT is(total('A 2x100', 'buy 3 add sku A at 10 on sku A'), 200.00, 'add: re-priced units do not count as bought');
SELECT is(total('A 3x100', 'buy 2 add sku A at 10 on sku A'), 210.00, 'add: but the others do');
SELECT is(total('A 3x100', 'spend 200 gift sku A on sku A'), 200.00, 'gift: of what was bought, beyond the threshold');
SELECT is(total('A 2x100', 'spend 200 gift sku A on sku A'), 200.00, 'gift: not of what is needed to reach it');
SELECT is(total('A 5x100', 'every 200 gift sku A on sku A'), 400.00, 'gift: only as many as the rest pays for');

-- ----------------------------------------------------------------
-- Corners
-- ----------------------------------------------------------------
SELECT is(total('A 1x100', rules('1 a: price 120 each on sku A', 'b: save 10% on sku A')), 90.00, 'corner: a rule that gives no money takes no line');
SELECT is(total('A 1x200', rules('1 gift: spend 200 gift sku C on sku A', 'a: save 10% on sku A')), 180.00, 'corner: an offer takes no line either');
SELECT is(total('A 1x100, X 1x10', rules('1 x: save 50% on sku X', 'a: save 10% on sku A when sku X')), 95.00, 'when: looks at lines taken, too');
SELECT is(total('A 1x100, X 1x10', 'save 10% on sku A when sku X; save 50% on sku X'), 95.00, 'when: takes nothing');
SELECT is(total('A 1x100', 'save 10% on sku A when sku X'), 100.00, 'when: not in the cart');
SELECT is(total('A 1x100, Y 1x10', 'save 10% on sku A when sku X, Y'), 100.00, 'when: one of them is enough');
SELECT is(total('A 1x100, T 1x99 #t', 'save 10 on sku A when spend 100 on tag t'), 199.00, 'when: spend on a tag, not reached');
SELECT is(total('A 1x100, T 1x100 #t', 'save 10 on sku A when spend 100 on tag t'), 190.00, 'when: spend on a tag');
SELECT is(total('A 1x100, X 1x5', 'save 10 on sku A when buy 2 on sku X'), 105.00, 'when: buy, not reached');
SELECT is(total('A 1x100, X 2x5', 'save 10 on sku A when buy 2 on sku X'), 100.00, 'when: buy');
SELECT is(total('A 1x100, X 1x5', 'save 10 on sku A when sku X when sku Y'), 105.00, 'when: several all hold');
SELECT is(total('A 1x100, X 1x5, Y 1x5', 'save 10 on sku A when sku X when sku Y'), 100.00, 'when: several hold');
SELECT is(total('A 1x100, X 3x10', 'buy 2 get 1 free on sku X; save 10 when buy 3 on sku X'), 120.00, 'when: free units do not count');
SELECT is(total('A 1x100, B 1x100', 'save 20% on sku B; save 10 when spend 200'), 180.00, 'when: by the running amount in later stages');
SELECT is(total('A 1x100, B 1x100', 'save 20% on sku B; save 10 when spend 200 of list'), 170.00, 'when: by the list price where the rule says so');

SELECT is(total('A 1x100, B 1x100', 'spend 200 save 30 on each sku A, B'), 200.00, 'on each: every SKU by itself');
SELECT is(total('A 1x100, B 1x100', 'spend 200 save 30 on sku A, B'), 170.00, 'on: taken together');
SELECT is(total('A 1x100 #s, B 1x200 #s', 'spend 200 save 30 on each tag s'), 270.00, 'on each tag: every SKU that has it');
SELECT is(total('A 1x100, B 1x100', 'save 50% on each sku A, B max 10'), 180.00, 'on each: max is per SKU');
SELECT is(total('A 2x100, B 2x100', 'save 50% on each sku A, B limit 1'), 300.00, 'on each: limit is per SKU');
SELECT is(total('A 3x100, B 2x100', 'every 100 save 10 on each times 1'), 480.00, 'on each: times is per SKU');
SELECT is(total('A 1x100, B 1x100', rules('1 b: save 50% on sku B', 'each: save 10% on each')), 140.00, 'on each: another rule may take one of them');
SELECT is(nets('A 1x100, B 1x100', 'save 50% on sku A, B limit 1'), '{50.00,100.00}', 'equal prices: the earlier line first');
SELECT is(nets('A 1x100, B 1x100', 'save 50% on sku A, B limit 1 dearest'), '{50.00,100.00}', 'equal prices: whichever way they are sorted');
SELECT is(total('A 2x100', 'buy 1 get 1 free on sku A; buy 2 save 10'), 100.00, 'used up: qualifier and reward, for the cart');
SELECT is(total('A 3x50', 'buy 3 total 100 on sku A; buy 1 save 10'), 100.00, 'used up: units of a total');
SELECT is(total('A 2x100', 'buy 2 save 10 on sku A; buy 2 save 10'), 180.00, 'used up: not by buy N save');
SELECT is(total('A 2x100', 'save 50% on sku A limit 2; buy 2 save 10'), 90.00, 'used up: not by limit');
SELECT is(total('A 4x100', 'buy 2 get 1 free on sku A; save 50% limit 1'), 250.00, 'average price: leaves out units given free');
SELECT is(total('A 2x100 floor 80', 'save 50% on sku A limit 1'), 160.00, 'floor: holds for the line as a whole');
SELECT is(total('A 2x100 cost 80', 'save 50% on sku A limit 1 margin 10%'), 177.78, 'margin: holds for the line as a whole');
SELECT is(nets('A 1x100 floor 95, B 1x100', 'save 20 each on sku A, B'), '{95.00,80.00}', 'single units: what a floor blocks is not given to others');
SELECT is(nets('A 1x100 floor 95, B 1x100', 'save 20% on sku A, B'), '{95.00,80.00}', 'per line: what a floor blocks is not given to others');
SELECT is(total('A 1x100, B 1x60 floor 50', 'buy 1 get 1 free on sku A, B'), 150.00, 'single units: nor of a reward');
SELECT is(nets('A 2x100, B 1x100', 'save 20 each on sku A, B max 30'), '{180.00,90.00}', 'single units: max is spread by what each would have saved');
SELECT is(nets('A 2x60, B 1x40', 'buy 3 total 100 on sku A, B'), '{75.00,25.00}', 'groups: the saving lies by what the units are worth');
SELECT is(nets('A 2.5x10, B 1x10', 'buy 3 total 15 on sku A, B'), '{15.00,5.00}', 'groups: of the whole units of a weighed line');
SELECT is(nets('A 1x50.01, B 1x50.01, C 1x50.01', 'buy 3 total 100 on sku A, B, C'), '{33.33,33.33,33.34}', 'groups: to the cent');
SELECT is(total('A 1x100, B 1x100', 'save 10% on sku A; save 20% on order except discounted'), 170.00, 'except discounted: leaves out lines off which something was taken');
SELECT is(total('A 1x100, B 1x100', 'save 10% on sku A stack; save 20% on all except discounted stack'), 170.00, 'except discounted: in the product stage, too');
SELECT is(total('A 1x100, B 1x100 #sale, C 1x100', 'save 10% on all except sku C except tag sale'), 290.00, 'except: SKUs and tags');
SELECT is(total('A 1x100 #shoes, B 1x100 #boots, C 1x100 #hats', 'save 10% on tag shoes, boots'), 280.00, 'on tag: any of them');
SELECT is(total('A 1x100 #shoes #boots', 'save 10% on tag shoes, boots'), 90.00, 'on tag: once');

-- ----------------------------------------------------------------
-- Instants, codes, buyers, without
-- ----------------------------------------------------------------
CREATE FUNCTION saved_at(rules promo.ruleset, at timestamptz) RETURNS numeric LANGUAGE sql AS $$ SELECT 100 - total('A 1x100', rules, at) $$;
-- 2026-01-03 is a Saturday
SELECT is(saved_at('save 10 days sat, sun', '2026-01-02 23:59:59.999999+00'), 0.00, 'days: Friday');
SELECT is(saved_at('save 10 days sat, sun', '2026-01-03 00:00+00'), 10.00, 'days: Saturday');
SELECT is(saved_at('save 10 days sat, sun', '2026-01-04 23:59:59.999999+00'), 10.00, 'days: Sunday');
SELECT is(saved_at('save 10 days sat, sun', '2026-01-05 00:00+00'), 0.00, 'days: Monday');
SELECT is(saved_at('save 10 hours 9:00-12:00', '2026-01-05 08:59:59+00'), 0.00, 'hours: before');
SELECT is(saved_at('save 10 hours 9:00-12:00', '2026-01-05 09:00+00'), 10.00, 'hours: from the first');
SELECT is(saved_at('save 10 hours 9:00-12:00', '2026-01-05 11:59:59.9+00'), 10.00, 'hours: to the last');
SELECT is(saved_at('save 10 hours 9:00-12:00', '2026-01-05 12:00+00'), 0.00, 'hours: the end is not in it');
SELECT is(saved_at('save 10 hours 22:00-02:00', '2026-01-05 21:59+00'), 0.00, 'hours: over midnight, before');
SELECT is(saved_at('save 10 hours 22:00-02:00', '2026-01-05 22:00+00'), 10.00, 'hours: over midnight, in the evening');
SELECT is(saved_at('save 10 hours 22:00-02:00', '2026-01-06 01:59+00'), 10.00, 'hours: over midnight, in the morning');
SELECT is(saved_at('save 10 hours 22:00-02:00', '2026-01-06 02:00+00'), 0.00, 'hours: over midnight, over');
SELECT is(saved_at('save 10 hours 22:00-24:00', '2026-01-05 23:59:59.999999+00'), 10.00, 'hours: up to midnight');
SELECT is(saved_at('save 10 hours 22:00-24:00', '2026-01-06 00:00+00'), 0.00, 'hours: not over it');
SELECT is(saved_at('save 10 hours 8:00-9:00, 11:00-12:00', '2026-01-05 11:30+00'), 10.00, 'hours: several windows');
SELECT is(saved_at('save 10 days sat hours 22:00-02:00', '2026-01-03 01:00+00'), 0.00, 'days and hours: Saturday at 1:00 belongs to Friday');
SELECT is(saved_at('save 10 days sat hours 22:00-02:00', '2026-01-03 22:00+00'), 10.00, 'days and hours: the window that begins on Saturday');
SELECT is(saved_at('save 10 days sat hours 22:00-02:00', '2026-01-04 01:59+00'), 10.00, 'days and hours: and ends on Sunday');
SELECT is(saved_at('save 10 days sat hours 22:00-02:00', '2026-01-04 22:00+00'), 0.00, 'days and hours: not that of Sunday');
SELECT is(saved_at(promo.configure('save 10 days sat hours 22:00-02:00', zone => 'Asia/Shanghai'), '2026-01-03 14:00+00'), 10.00, 'zone: 22:00 in Shanghai');
SELECT is(saved_at(promo.configure('save 10 days sat hours 22:00-02:00', zone => 'Asia/Shanghai'), '2026-01-03 22:00+00'), 0.00, 'zone: Sunday 6:00 in Shanghai');
SELECT is(saved_at(promo.configure('save 10 hours 8:00-9:00', zone => 'Europe/Berlin'), '2026-07-01 06:30+00'), 10.00, 'zone: with its summer time');
SET LOCAL timezone = 'America/New_York';
SELECT is(saved_at(promo.configure('save 10 days sat hours 22:00-02:00', zone => 'Asia/Shanghai'), '2026-01-03 14:00+00'), 10.00, 'zone: not the session''s');
SELECT is(saved_at('save 10 days sun', '2026-01-04 00:00+00'), 10.00, 'zone: UTC where none is configured');
RESET timezone;

SELECT is(saved_at('[{"name":"p","rule":"save 10","during":"[2026-01-01,2026-02-01)"}]', '2025-12-31 23:59:59.999999+00'), 0.00, 'during: before');
SELECT is(saved_at('[{"name":"p","rule":"save 10","during":"[2026-01-01,2026-02-01)"}]', '2026-01-01 00:00+00'), 10.00, 'during: from its bound');
SELECT is(saved_at('[{"name":"p","rule":"save 10","during":"[2026-01-01,2026-02-01)"}]', '2026-01-31 23:59:59.999999+00'), 10.00, 'during: to its bound');
SELECT is(saved_at('[{"name":"p","rule":"save 10","during":"[2026-01-01,2026-02-01)"}]', '2026-02-01 00:00+00'), 0.00, 'during: which is not in it');
SELECT is(saved_at('[{"name":"p","rule":"save 10","during":"(2026-01-01,2026-02-01]"}]', '2026-01-01 00:00+00'), 0.00, 'during: ( leaves the bound out');
SELECT is(saved_at('[{"name":"p","rule":"save 10","during":"(2026-01-01,2026-02-01]"}]', '2026-02-01 00:00+00'), 10.00, 'during: ] has it in');
SELECT is(saved_at('[{"name":"p","rule":"save 10","during":"[2026-01-01 00:00:00+08,)"}]', '2025-12-31 16:00+00'), 10.00, 'during: with an offset, without an end');
SELECT is(promo.total(promo.price(cart_of('A 1x100'), (SELECT promo.ruleset_agg('p', 'save 10', 0, tstzrange(now(), now() + interval '1 s'))))), 90.00, 'at: now, where nothing is said');
SELECT is(promo.total(promo.price(cart_of('A 1x100'), (SELECT promo.ruleset_agg('p', 'save 10', 0, tstzrange(now() - interval '1 s', now()))))), 100.00, 'at: not before');

SELECT is(total('A 1x100', 'save 10 code SAVE10, SAVE20', codes => '{OTHER,SAVE20}'), 90.00, 'code: one of them is enough');
SELECT is(total('A 1x100', 'save 10 code SAVE10, SAVE20'), 100.00, 'code: none presented');
SELECT is(total('A 1x100', 'save 10 code SAVE10', codes => '{save10}'), 100.00, 'code: is case-sensitive');
SELECT is(total('A 1x100', 'SAVE 10 ON SKU A'), 90.00, 'keywords are not');
SELECT is(total('a 1x100', 'save 10 on sku A'), 100.00, 'SKUs are');
SELECT is(total('A 1x100', 'save 10 for gold, staff', buyer => '{staff}'), 90.00, 'for: one of the tags is enough');
SELECT is(total('A 1x100', 'save 10 for gold, staff', buyer => '{silver}'), 100.00, 'for: none of them');
SELECT is(total('A 1x100', 'save 10 for gold for staff', buyer => '{gold}'), 100.00, 'for: several all hold');
SELECT is(total('A 1x100', 'save 10 for gold for staff', buyer => '{staff,gold}'), 90.00, 'for: in any order');
SELECT is(total('A 1x100', 'save 10; save 5', without => '{1}'), 95.00, 'without: leaves a rule out');
SELECT is(total('A 1x100', 'save 10 exclusive; save 5', without => '{1}'), 95.00, 'without: an exclusive one as well');
SELECT is(total('A 1x100', 'save 10; save 5', without => '{1,2,3}'), 100.00, 'without: all, and a name that there is not');

-- ----------------------------------------------------------------
-- Shipping and points
-- ----------------------------------------------------------------
SELECT is(promo.shipping(priced('A 1x100', '[]', shipping => 12)), 12.00, 'shipping: the fee');
SELECT is(promo.shipping(priced('A 1x100', 'save 5 shipping', shipping => 12)), 7.00, 'shipping: an amount off');
SELECT is(promo.shipping(priced('A 1x100', 'save 20 shipping', shipping => 12)), 0.00, 'shipping: not below zero');
SELECT is(promo.shipping(priced('A 1x100', 'save 20% shipping', shipping => 12)), 9.60, 'shipping: a percentage off');
SELECT is(promo.shipping(priced('A 1x100', 'spend 100 free shipping', shipping => 12)), 0.00, 'shipping: free');
SELECT is(promo.discount(priced('A 1x100', 'free shipping', shipping => 12)), 0.00, 'shipping: is no discount of the goods');
SELECT is(total('A 1x100', 'save 5 shipping stack; save 20% shipping stack', shipping => 15), 108.00, 'shipping: stacked, on what is left');
SELECT is(total('A 1x100', 'save 50% shipping max 4', shipping => 12), 108.00, 'shipping: max');
SELECT results_eq($$ SELECT rule, line, amount FROM promo.adjustments(priced('A 1x100', 'save 5 shipping', shipping => 12)) $$,
	$$ VALUES ('1', NULL::bigint, 5.00) $$, 'shipping: an adjustment without a line');
SELECT is(promo.points(priced('A 1x250', 'every 100 earn 10 points')), 20::numeric, 'points: once for each full 100');
SELECT is(promo.points(priced('A 1x250', 'spend 100 earn 10 points')), 10::numeric, 'points: once');
SELECT is(promo.points(priced('A 1x250', 'every 100 earn 10 points stack; points x2 stack for gold', buyer => '{gold}')), 40::numeric, 'points: doubled');
SELECT is(promo.points(priced('A 9x100', 'every 100 earn 10 points max 50')), 50::numeric, 'points: max');
SELECT is(total('A 1x250', 'every 100 earn 10 points'), 250.00, 'points: are no money');
SELECT is(promo.points(priced('A 1x100', 'spend 1000 earn 5 points; earn 0.5 points')), 0.5, 'points: the first rule that is reached');

-- ----------------------------------------------------------------
-- For every cart
-- ----------------------------------------------------------------
CREATE TEMP TABLE drawn AS
	SELECT n, c, r.rules, promo.configure(more.rules, search => 'cart') AS more, promo.configure(r.rules, search => 'cart') AS fewer
	FROM generate_series(1, 300) n,
		 LATERAL (SELECT promo.cart_agg(l, substr('ABCD', 1 + (n * l) % 4, 1), 1 + (n + l * l) % 4, 5 + (n * l * 37) % 997 / 10.0, ARRAY['t' || (n * l) % 2], 1, (n + l) % 3 * 2)
				  FROM generate_series(1, 1 + n % 5) l) cart (c),
		 LATERAL (SELECT array_agg(text::promo.rule ORDER BY md5(n || text)) AS drawn
				  FROM unnest(ARRAY['save 7% on sku A', 'spend 50 save 9 on sku A, B', 'buy 2 get 1 free on sku B, C', 'buy 3 total 40 on all', 'save 3 each on tag t1 max 20',
					'every 30 save 4 on each', 'buy set save 20% on sku A, C', 'save 60% on sku D limit 1', 'spend 80 gift sku B on sku A', 'save 5% on tag t0 stack', 'save 1 each on sku C stack',
					'spend 100 save 11', 'save 4% stack', 'save 2 stack', 'save 30% on order except discounted', 'save 6 on sku A group g', 'save 9 group g', 'spend 40 save 8% on sku B stop',
					'buy 2 save 5%, buy 4 save 30% on all graduated', 'spend 60 free shipping', 'save 3 shipping', 'save 12 on sku A, D margin 20%', 'save 40% on sku C floor 10']) text) d,
		 LATERAL (SELECT promo.ruleset_agg('r' || i, drawn[i], i % 2) AS rules FROM generate_series(1, 4) i) r,
		 LATERAL (SELECT promo.ruleset_agg('r' || i, drawn[i], i % 2) AS rules FROM generate_series(1, 5) i) more;
SELECT is_empty($$ SELECT n FROM drawn WHERE promo.total(promo.price(c, rules, '2026-01-05', shipping => 6)) NOT BETWEEN 0 AND 6 + promo.subtotal(promo.price(c, '[]', '2026-01-05')) $$,
	'every cart: costs nothing to its list price');
SELECT is_empty($$ SELECT n FROM drawn WHERE promo.total(promo.price(c, fewer, '2026-01-05', shipping => 6)) > promo.total(promo.price(c, rules, '2026-01-05', shipping => 6)) $$,
	'every cart: search cart is never dearer than search stage');
SELECT is_empty($$ SELECT n FROM drawn WHERE promo.total(promo.price(c, more, '2026-01-05', shipping => 6)) > promo.total(promo.price(c, fewer, '2026-01-05', shipping => 6)) $$,
	'every cart: with search cart a further rule never makes it dearer');
SELECT is_empty($$ SELECT n FROM drawn, jsonb_array_elements(c::jsonb) l, promo.lines(promo.price(c, rules, '2026-01-05')) p
				   WHERE p.line = (l->>'line')::bigint AND p.net < (l->>'floor')::numeric * p.qty AND p.discount > 0 $$, 'every cart: no discount goes below a floor');
SELECT is_empty($$ SELECT n FROM drawn WHERE promo.price(c, rules, '2026-01-05')::jsonb->>'optimal' <> 'true' $$, 'every cart: few rules are searched to the end');

SELECT * FROM finish();
ROLLBACK;
