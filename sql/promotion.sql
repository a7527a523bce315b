-- Promotions: what is refused, and how it is said; rows that come from a dump.
SET timezone = 'UTC';
SET datestyle = 'ISO';
\set SHOW_CONTEXT never
INSERT INTO promo.channel VALUES ('web'), ('store');
INSERT INTO promo.campaign (name, running) VALUES ('Spring', '[2020-03-01, 2099-06-01)');
INSERT INTO promo.promotion (campaign, name, rule, during, status) VALUES
	('Spring', 'lamps', 'save 20% on sku A, B except sku B', '[2020-03-01, 2099-04-01)', 'active'),
	(NULL, 'chairs', 'buy 2 save 10 on each sku C, D', '[2098-01-01, 2098-02-01)', 'active');

-- one activity at a time: against another, with and without a campaign, and within a statement
INSERT INTO promo.promotion (name, rule, during, status) VALUES ('more', 'save 5 each on sku A', '[2099-03-01,)', 'active');
INSERT INTO promo.promotion (name, rule, during, status) VALUES ('more', 'save 5 each on sku D, C', '[2098-01-31, 2099-01-01)', 'active');
INSERT INTO promo.promotion (name, rule, during, status) VALUES
	('left', 'save 5 on sku E, F', '[2098-01-01, 2098-03-01)', 'active'),
	('right', 'save 10% on sku F', '[2098-02-01, 2098-04-01)', 'active');

-- what has begun
UPDATE promo.promotion SET during = '[2020-03-01, 2021-01-01)' WHERE name = 'lamps';
UPDATE promo.promotion SET during = '[2020-03-01, 2021-01-01)', priority = 1 WHERE name = 'lamps';
UPDATE promo.promotion SET status = 'ended', priority = 1 WHERE name = 'lamps';
UPDATE promo.promotion SET origin = 1 WHERE name = 'chairs';
UPDATE promo.promotion SET replaced_by = 2 WHERE name = 'lamps';
DELETE FROM promo.promotion WHERE name = 'lamps';
INSERT INTO promo.promotion (name, rule, during, status) VALUES
	('old', 'save 1', '[2020-01-01, 2020-02-01)', 'active'), ('older', 'save 1', '[2019-01-01, 2019-02-01)', 'ended');
UPDATE promo.promotion SET priority = 1 WHERE name = 'old';
UPDATE promo.promotion SET status = 'active' WHERE name = 'older';
DELETE FROM promo.promotion WHERE name = 'older';

-- rules, names and channels
INSERT INTO promo.promotion (name, rule, during) VALUES (repeat('x', 1001), 'save 1', '[2098-01-01,)');
INSERT INTO promo.promotion (name, rule, during) VALUES ('late', 'save 1', '[20000-01-01,)');
INSERT INTO promo.promotion (name, rule, during, channels) VALUES ('app only', 'save 1', '[2098-01-01,)', '{web,app}');
INSERT INTO promo.promotion (name, rule, during, channels) VALUES ('web only', 'save 1', '[2098-01-01,)', '{store,web}');
DELETE FROM promo.channel WHERE name = 'web';
UPDATE promo.channel SET name = 'shop' WHERE name = 'store';

-- goals
INSERT INTO promo.campaign_goal (id, campaign, metric, target, during, parent) VALUES
	(9001, 'Spring', 'net', 100, NULL, NULL), (9002, 'Spring', 'uv', 10, '[2020-03-01, 2020-04-01)', 9001);
INSERT INTO promo.campaign_goal (id, campaign, metric, target, parent) VALUES (9003, 'Spring', 'uv', 10, 9002);
UPDATE promo.campaign SET running = '[2020-03-02, 2099-06-01)';
INSERT INTO promo.campaign (name, running) VALUES ('Autumn', '[2020-03-01, 2099-06-01)');
INSERT INTO promo.campaign_goal (id, campaign, metric, target, parent) VALUES (9004, 'Autumn', 'uv', 10, 9001);
INSERT INTO promo.campaign_goal (id, campaign, metric, target) VALUES (9005, 'Spring', 'hits', 10);
SELECT promo.phase('Winter');

-- what comes from a dump stays as it is, in whatever order
COPY promo.promotion (id, origin, replaced_by, campaign, name, rule, during, priority, status, channels, budget, uses, uses_per_customer) FROM stdin;
900103	900101	\N	Spring	stools	save 2 each on sku S	["2021-01-05 00:00:00+00",)	0	active	\N	\N	\N	\N
900101	900101	900102	\N	stools	save 1 each on sku S	["2021-01-01 00:00:00+00","2021-01-02 00:00:00+00")	0	ended	\N	10.0000	5	1
900102	900101	900103	Spring	stools	save 1 each on sku S	["2021-01-02 00:00:00+00","2021-01-05 00:00:00+00")	3	ended	{web}	\N	\N	\N
900104	900104	\N	\N	over	save 3 each on sku S stack	["2021-01-01 00:00:00+00","2021-02-01 00:00:00+00")	0	active	\N	\N	\N	\N
900105	900105	\N	\N	draft	save 4 each on sku S	["2021-01-01 00:00:00+00","2021-02-01 00:00:00+00")	0	draft	\N	\N	\N	\N
900106	900106	\N	\N	over	save 5 each on sku S	["2022-01-01 00:00:00+00","2022-02-01 00:00:00+00")	0	ended	\N	\N	\N	\N
\.
SELECT id, origin, replaced_by, campaign, name, rule, during, priority, status, channels, budget, uses, uses_per_customer
FROM promo.promotion WHERE id > 900100 ORDER BY id;
SELECT p.name, i.sku, i.during FROM promo.promotion_item i JOIN promo.promotion p ON p.id = i.promotion ORDER BY sku;

SET client_min_messages = warning;
TRUNCATE promo.promotion, promo.campaign, promo.channel CASCADE;
SELECT count(*) FROM promo.promotion_item;
