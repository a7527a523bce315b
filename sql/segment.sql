-- built-in schemes; the grid is the default, and a bare literal is the name of a scheme
SELECT score, promo.segment(score), promo.segment(score, 'grid') AS grid, promo.segment(score, 'rfm') AS rfm, promo.segment(score, scheme => 'classic') AS classic
FROM unnest('{5-5-5,5-4-1,4-4-4,4-1-3,5-1-1,3-3-3,3-1-2,2-5-5,1-3-4,1-1-1,2-2-3}'::promo.rfm[]) score;
SELECT score, promo.segment(score, 'cn') FROM unnest('{2-2-2,2-1-2,1-2-2,1-1-2,2-2-1,2-1-1,1-2-1,1-1-1}'::promo.rfm[]) score;
SELECT promo.segment('5-1-1'), promo.segment('5-1-1', NULL) IS NULL AS no_scheme, promo.segment(NULL) IS NULL AS no_score;
-- every score of five levels has a segment
SELECT scheme, promo.segment(promo.rfm(r, f, m), scheme), count(*)
FROM unnest('{grid,rfm,classic}'::text[]) WITH ORDINALITY s (scheme, n), generate_series(1, 5) r, generate_series(1, 5) f, generate_series(1, 5) m
GROUP BY n, scheme, 2 ORDER BY n, count(*) DESC, 2;

-- one's own
SELECT score, promo.segment(score, '[{"segment":"best","r":[4,5],"f":[4,5],"m":[4,5]}, {"segment":"new","r":5,"f":1}]'::jsonb) AS two,
	   promo.segment(score, '[{"segment":"best","r":[4,5],"f":[4,5],"m":[4,5]}, {"segment":"new","r":5,"f":1}, {"segment":"rest","m":null}]'::jsonb) AS three
FROM unnest('{5-4-4,5-1-10,3-3-3,10-10-10}'::promo.rfm[]) score;
SELECT promo.segment('1-1-1', '[]'::jsonb) IS NULL AS no_rows;

-- one call site, a scheme in each row: again, another, stored and compressed
CREATE TEMP TABLE schemes (id int, name text, own jsonb);
ALTER TABLE schemes ALTER own SET STORAGE EXTERNAL;
INSERT INTO schemes VALUES (1, 'grid', '[{"segment":"a"}]'), (2, 'grid', '[{"segment":"a"}]'), (3, 'rfm', '[{"segment":"b"}]'), (4, NULL, NULL), (5, 'grid', '[]');
INSERT INTO schemes SELECT 5 + i, 'classic', jsonb_agg(jsonb_build_object('segment', 's' || i || '-' || r, 'r', (r + i) % 10 + 1)) FROM generate_series(1, 3) i, generate_series(1, 200) r GROUP BY i;
SELECT id, promo.segment('3-1-2', name) AS name, promo.segment('3-1-2', own) AS own FROM schemes ORDER BY id;
SELECT array_agg(promo.segment('3-1-2', own) ORDER BY id) FROM schemes;
CREATE FUNCTION pg_temp.segments(score promo.rfm, schemes text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text := '';
	scheme text;
BEGIN
	FOREACH scheme IN ARRAY schemes LOOP
		BEGIN
			result := result || promo.segment(score, scheme) || '; ';
		EXCEPTION WHEN OTHERS THEN
			result := result || SQLSTATE || '; ';
		END;
	END LOOP;
	RETURN result;
END
$$;
-- what was refused is not kept
SELECT pg_temp.segments('2-2-2', '{grid,cn,nosuch,nosuch,cn,rfm,grid}'), pg_temp.segments('3-2-2', '{grid,cn,cn,grid}');

-- mistakes
\set VERBOSITY default
SELECT promo.segment('5-5-5', 'nosuch');
SELECT promo.segment('5-5-5', '[{"segment":"a"}]');
SELECT promo.segment('5-6-5');
SELECT promo.segment('3-1-1', 'cn');
SELECT promo.segment('5-5-5', '{"segment":"a"}'::jsonb);
SELECT promo.segment('5-5-5', '"grid"'::jsonb);
SELECT promo.segment('5-5-5', '[{"segment":"a"}, {"r":5}]'::jsonb);
SELECT promo.segment('5-5-5', '[{"segment":"a"}, {"segment":"b", "R":5}]'::jsonb);
SELECT promo.segment('5-5-5', '[{"segment":"a"}, {"segment":"b", "r":[5,4]}]'::jsonb);
SELECT promo.segment('5-5-5', '[{"segment":"a"}, {"segment":"b", "r":[5]}]'::jsonb);
SELECT promo.segment('5-5-5', '[{"segment":"a"}, {"segment":"b", "m":11}]'::jsonb);
SELECT promo.segment('5-5-5', '[{"segment":"a"}, {"segment":"b", "m":"5"}]'::jsonb);
SELECT promo.segment('5-5-5', (SELECT jsonb_agg('{"segment":"a"}'::jsonb) FROM generate_series(1, 1001)));

-- what is wrong with a scheme
SELECT * FROM promo.check_segments('[{"segment":"all"}]');
SELECT * FROM promo.check_segments('[{"segment":"a","r":2},{"segment":"b","f":2},{"segment":"c","r":2,"f":2,"m":2}]', 2);
SELECT count(*) FROM promo.check_segments('[{"segment":"a","r":[1,5]},{"segment":"b","r":[6,10]}]', levels => 10);
SELECT * FROM promo.check_segments('[{"segment":"a","r":[1,5]},{"segment":"b","r":[6,10]}]');
SELECT problem, count(*) FROM promo.check_segments('[]') GROUP BY problem;
SELECT count(*), sum(cardinality(segments)) FROM promo.check_segments((SELECT jsonb_agg('{"segment":"a"}'::jsonb) FROM generate_series(1, 1000)), 10);
SELECT * FROM promo.check_segments('[]', 1);
SELECT * FROM promo.check_segments('[]', 11);
SELECT * FROM promo.check_segments(NULL);
SELECT * FROM promo.check_segments('[]', NULL);
SELECT * FROM promo.check_segments('[{"r":1}]');
