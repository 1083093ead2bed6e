-- The wide table of the load benchmarks as MariaDB has it: 13 columns. `@rows` says how many.
set time_zone = '+00:00';
drop table if exists wide;
create table wide (
 id bigint primary key, customer_id int not null, store_id smallint, qty int, amount decimal(12,2), status varchar(20), email varchar(80), note text, created_at timestamp(6) not null, is_active bit(1), payload json, uid char(36), updated_at datetime(6)) engine=innodb character set utf8mb4;
insert into wide select seq, floor(rand()*1000000), seq%50, if(seq%13=0, null, floor(rand()*100)), rand()*100000,
 elt(1+seq%5,'pending','paid','shipped','delivered','returned'), concat('user',seq,'@example',seq%97,'.com'),
 case when seq%7=0 then null when seq%11=0 then concat('He said "hi", then\nleft — ünïcode ✓') else concat(md5(seq),' some note') end,
 timestamp'2020-01-01 12:00:00' + interval seq second + interval floor(rand()*1000000) microsecond, seq%3=0,
 json_object('k',seq%1000,'tags',json_array('a','b',seq%10),'src','web'), uuid(), timestamp'2024-01-01 00:00:00' + interval seq%31536000 second
from (select seq from seq_1_to_10000000 where seq <= @rows) as numbers;
analyze table wide;
