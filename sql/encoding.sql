-- Text is in the database's encoding, also what JSON writes as \u escapes.
SELECT current_database() AS database \gset
CREATE DATABASE promo_latin1 TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C';
\connect promo_latin1
SET client_min_messages = warning;
CREATE EXTENSION promo CASCADE;
SET client_encoding = 'UTF8';
SELECT '[{"line":1,"sku":"caf\u00e9","qty":1,"price":1}]'::promo.cart;
SELECT '[{"line":1,"sku":"café","qty":1,"price":1}]'::json::promo.cart;
SELECT length((SELECT sku FROM promo.lines(promo.price('[{"line":1,"sku":"caf\u00e9","qty":1,"price":1}]', 'save 1', '2026-01-01'))));
SELECT '[{"line":1,"sku":"\u5546","qty":1,"price":1}]'::promo.cart;
SELECT 'save 20% on sku café'::promo.rule, 'save 20% on sku café'::promo.rule::jsonb;
SELECT promo.segment('5-5-5'), promo.segment('5-5-5', '[{"segment":"caf\u00e9"}]'::jsonb);
SELECT promo.segment('2-2-2', 'cn');
SELECT promo.describe('save 20% on sku café', 'en');
SELECT promo.describe('save 20% on sku café', 'zh');
CREATE DATABASE promo_euc_cn TEMPLATE template0 ENCODING 'EUC_CN' LC_COLLATE 'C' LC_CTYPE 'C';
\connect promo_euc_cn
SET client_min_messages = warning;
CREATE EXTENSION promo CASCADE;
SET client_encoding = 'UTF8';
SELECT promo.segment('2-2-2', 'cn'), length(promo.segment('2-2-2', 'cn'));
SELECT promo.describe('spend 200 save 20% on sku 茶 except tag 新品 days sat', 'zh') AS copy, length(promo.describe('save 20% on sku 茶', 'zh'));
\connect :database
-- bytes that are no text
CREATE TEMP TABLE carts (c promo.cart);
\copy (SELECT '[{"line":1,"sku":"\u00e9","qty":1,"price":1}]'::promo.cart) to 'results/utf8.bin' (format binary)
\copy carts from 'results/utf8.bin' (format binary)
\copy carts from program 'LC_ALL=C sed "s/\\xc3\\xa9/\\xc3\\x28/" results/utf8.bin' (format binary)
SELECT c FROM carts;
DROP DATABASE promo_latin1;
DROP DATABASE promo_euc_cn;
