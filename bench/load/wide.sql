-- The wide table of the load benchmarks: 13 columns; 5 million rows are 1.17 GB as COPY BINARY. PostgreSQL, run by psql -v rows=N.
drop table if exists wide;
create table wide (
 id bigint primary key, customer_id int not null, store_id smallint, qty int, amount numeric(12,2), status text, email text, note text, created_at timestamptz not null, is_active bool, payload jsonb, uid uuid, updated_at timestamptz);
insert into wide select g, (random()*1000000)::int, (g%50)::smallint, case when g%13=0 then null else (random()*100)::int end, (random()*100000)::numeric(12,2),
 (array['pending','paid','shipped','delivered','returned'])[1+(g%5)], 'user'||g||'@example'||(g%97)||'.com',
 case when g%7=0 then null when g%11=0 then 'He said "hi", then'||chr(10)||'left — ünïcode ✓' else repeat(md5(g::text),1)||' some note' end,
 timestamptz '2020-01-01' + (g||' seconds')::interval + (random()*1000000)*interval '1 microsecond', g%3=0,
 jsonb_build_object('k',g%1000,'tags',jsonb_build_array('a','b',g%10),'src','web'), gen_random_uuid(), timestamptz '2024-01-01' + (g%31536000)*interval '1 second'
from generate_series(1, :rows) g;
vacuum analyze wide;
