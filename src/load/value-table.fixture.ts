import type { ValueKind } from './value-meaning.fixture.ts';

/** Systems of the tests, by the names of their connections. */
export type SystemName = 'PG' | 'DUCK' | 'MARIA' | 'LITE';

/** A column of a source with values at the ends of what its type holds. */
export interface ValueColumn {
  readonly name: string;
  /** As the source's DDL says it. */
  readonly type: string;
  readonly kind: ValueKind;
  /** SQL of the source; rows beyond the last are NULL. */
  readonly values: readonly string[];
  /** Targets that have no such values, and refuse them. */
  readonly beyond?: readonly SystemName[];
}

const quoted = (...texts: readonly string[]): readonly string[] => texts.map((text) => `'${text}'`);

const calendarOnly: readonly SystemName[] = ['MARIA', 'LITE'];

const texts = quoted(
  '',
  ' ',
  'a\tb',
  'line\nbreak',
  "it''s",
  'Zoë 😀',
  'NULL',
  '\\N',
  '"quoted", comma',
  'x   ',
);

const postgres: readonly ValueColumn[] = [
  { name: 'truth', type: 'boolean', kind: 'boolean', values: ['true', 'false'] },
  { name: 'small', type: 'smallint', kind: 'number', values: ['-32768', '32767', '0'] },
  { name: 'whole', type: 'integer', kind: 'number', values: ['-2147483648', '2147483647'] },
  { name: 'big', type: 'bigint', kind: 'number', values: ['-9223372036854775808', '9223372036854775807', '9007199254740993'] },
  { name: 'single', type: 'real', kind: 'single', values: ['3.4028235e38', '1e-45', '-0', '0.1', '16777217'] },
  { name: 'dbl', type: 'double precision', kind: 'double', values: ['1.7976931348623157e308', '5e-324', '0.1', '-0', '1e22'] },
  { name: 'dbl_far', type: 'double precision', kind: 'double', values: quoted('NaN', 'Infinity', '-Infinity'), beyond: calendarOnly },
  { name: 'price', type: 'numeric(12,2)', kind: 'number', values: ['9999999999.99', '-0.01', '0.1'] },
  { name: 'dec18', type: 'numeric(18,6)', kind: 'number', values: ['999999999999.999999', '-999999999999.999999'] },
  { name: 'dec38', type: 'numeric(38,10)', kind: 'number', values: ['9999999999999999999999999999.9999999999', '-0.0000000001'] },
  { name: 'dec50', type: 'numeric(50,10)', kind: 'number', values: ['1234567890123456789012345678901234567890.0123456789', '-1'] },
  { name: 'decimals', type: 'numeric', kind: 'number', values: ['1e60', '-1e-60', '0.10', '1234567890.123456789012345678901234567890123'] },
  { name: 'decimals_far', type: 'numeric', kind: 'number', values: quoted('NaN', 'Infinity', '-Infinity'), beyond: ['LITE'] },
  { name: 'money', type: 'money', kind: 'money', values: quoted('-92233720368547758.08', '92233720368547758.07') },
  { name: 'word', type: 'text', kind: 'text', values: texts },
  { name: 'short', type: 'varchar(20)', kind: 'text', values: texts },
  { name: 'padded', type: 'char(8)', kind: 'text', values: quoted('ab', '', 'abcdefgh', ' x') },
  { name: 'bytes', type: 'bytea', kind: 'bytes', values: quoted('\\x', '\\x00', '\\x00ff0a0d5c27', '\\x' + Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('')) },
  { name: 'day', type: 'date', kind: 'date', values: quoted('0001-01-01', '9999-12-31', '2024-02-29', '1582-10-10') },
  { name: 'day_far', type: 'date', kind: 'date', values: quoted('infinity', '-infinity', '0044-03-15 BC', '12024-01-01', '4713-01-01 BC'), beyond: calendarOnly },
  { name: 'clock', type: 'time', kind: 'time', values: quoted('00:00:00', '23:59:59.999999', '12:30:00.5') },
  { name: 'clock_zone', type: 'timetz', kind: 'timetz', values: quoted('00:00:00+15:59:59', '23:59:59.999999-15:59:59', '12:30:00.5+05:30', '12:00:00+00') },
  { name: 'moment', type: 'timestamp', kind: 'timestamp', values: quoted('0001-01-01 00:00:00', '9999-12-31 23:59:59.999999', '2024-02-29 12:00:00.000001', '1969-12-31 23:59:59.999999') },
  { name: 'moment_far', type: 'timestamp', kind: 'timestamp', values: quoted('infinity', '-infinity', '0044-03-15 10:00:00 BC', '12024-01-01 00:00:00.5'), beyond: calendarOnly },
  { name: 'instant', type: 'timestamptz', kind: 'timestamptz', values: quoted('0001-01-01 12:00:00+00', '9999-12-31 00:00:00+00', '2024-02-29 12:00:00.000001+05:30', '1900-01-01 00:00:00-11') },
  { name: 'instant_far', type: 'timestamptz', kind: 'timestamptz', values: quoted('infinity', '-infinity', '0044-03-15 10:00:00+00 BC'), beyond: calendarOnly },
  { name: 'span', type: 'interval', kind: 'interval', values: quoted('1 year 2 months -3 days 04:05:06.789', '-1 month', '00:00:00', '1000 hours', '-0.000001 seconds', '-3 days +04:00:00') },
  { name: 'id128', type: 'uuid', kind: 'uuid', values: quoted('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '123e4567-e89b-12d3-a456-426655440000') },
  { name: 'doc', type: 'json', kind: 'json', values: quoted('{"a": [1, 2.50, null, "ä😀"]}', 'null', '"x"', '123456789012345678901234567890', '[]') },
  { name: 'docb', type: 'jsonb', kind: 'json', values: quoted('{"a": {"b": [true, false]}}', 'null', '[1e5]') },
  { name: 'host', type: 'inet', kind: 'address', values: quoted('10.0.0.1', '10.0.0.0/8', '::1') },
  { name: 'span_of', type: 'int4range', kind: 'text', values: quoted('[1,5)', 'empty', '(,)') },
  { name: 'bits', type: 'bit(3)', kind: 'text', values: ["B'101'"] },
  { name: 'truths', type: 'boolean[]', kind: { of: 'boolean' }, values: quoted('{t,f,null}', '{}') },
  { name: 'smalls', type: 'smallint[]', kind: { of: 'number' }, values: quoted('{-32768,32767}') },
  { name: 'bigs', type: 'bigint[]', kind: { of: 'number' }, values: quoted('{9223372036854775807,null}', '{}') },
  { name: 'doubles', type: 'double precision[]', kind: { of: 'double' }, values: quoted('{0.1,1.7976931348623157e308}') },
  { name: 'doubles_far', type: 'double precision[]', kind: { of: 'double' }, values: quoted('{NaN,Infinity,-Infinity}') },
  { name: 'prices', type: 'numeric(12,2)[]', kind: { of: 'number' }, values: quoted('{1.20,-3}') },
  { name: 'numbers', type: 'numeric[]', kind: { of: 'number' }, values: quoted('{1e30,-1.5,1234567890.12345678901234567890}') },
  { name: 'words', type: 'text[]', kind: { of: 'text' }, values: quoted('{a,"","NULL",null,"b c","{x}"}') },
  { name: 'days', type: 'date[]', kind: { of: 'date' }, values: quoted('{2024-02-29,0044-03-15 BC,infinity}') },
  { name: 'clocks', type: 'time[]', kind: { of: 'time' }, values: quoted('{23:59:59.999999,00:00:00}') },
  { name: 'clock_zones', type: 'timetz[]', kind: { of: 'timetz' }, values: quoted('{12:30:00.5+05:30}') },
  { name: 'moments', type: 'timestamp[]', kind: { of: 'timestamp' }, values: quoted('{2024-02-29 12:00:00.000001,0044-03-15 10:00:00 BC,infinity,null}') },
  { name: 'instants', type: 'timestamptz[]', kind: { of: 'timestamptz' }, values: quoted('{2024-02-29 12:00:00+05:30,-infinity}') },
  { name: 'spans', type: 'interval[]', kind: { of: 'interval' }, values: quoted('{1 year -3 days 04:05:06.789,-1 month,-3 days +04:00:00}') },
  { name: 'ids', type: 'uuid[]', kind: { of: 'uuid' }, values: quoted('{123e4567-e89b-12d3-a456-426655440000}') },
  { name: 'docs', type: 'jsonb[]', kind: { of: 'json' }, values: ["array['{\"a\": 1}'::jsonb, null]"] },
  { name: 'blobs', type: 'bytea[]', kind: { of: 'bytes' }, values: ["array['\\x00ff'::bytea, '\\x'::bytea, null]"] },
]; // prettier-ignore

const mysql: readonly ValueColumn[] = [
  { name: 'tiny', type: 'tinyint', kind: 'number', values: ['-128', '127'] },
  { name: 'utiny', type: 'tinyint unsigned', kind: 'number', values: ['0', '255'] },
  { name: 'truth', type: 'tinyint(1)', kind: 'boolean', values: ['1', '0'] },
  { name: 'usmall', type: 'smallint unsigned', kind: 'number', values: ['65535'] },
  { name: 'middle', type: 'mediumint', kind: 'number', values: ['-8388608', '8388607'] },
  { name: 'umiddle', type: 'mediumint unsigned', kind: 'number', values: ['16777215'] },
  { name: 'uwhole', type: 'int unsigned', kind: 'number', values: ['4294967295'] },
  { name: 'big', type: 'bigint', kind: 'number', values: ['-9223372036854775808', '9223372036854775807'] },
  { name: 'ubig', type: 'bigint unsigned', kind: 'number', values: ['18446744073709551615', '0'] },
  { name: 'single', type: 'float', kind: 'single', values: ['3.40282e38', '1.17549e-38', '0.1', '16777216'] },
  { name: 'dbl', type: 'double', kind: 'double', values: ['1.7976931348623157e308', '2.2250738585072014e-308', '0.1', '-0.3'] },
  { name: 'price', type: 'decimal(12,2)', kind: 'number', values: ['9999999999.99', '-0.01'] },
  { name: 'dec38', type: 'decimal(38,30)', kind: 'number', values: ['99999999.999999999999999999999999999999'] },
  { name: 'dec65', type: 'decimal(65,30)', kind: 'number', values: ['99999999999999999999999999999999999.999999999999999999999999999999', '-1.5'] },
  { name: 'word', type: 'longtext', kind: 'text', values: quoted('', ' ', 'a\tb', 'line\nbreak', 'it\'\'s', 'Zoë 😀', 'NULL', '"q", c', 'x   ') },
  { name: 'short', type: 'varchar(20)', kind: 'text', values: quoted('', 'x   ', 'Zoë 😀') },
  { name: 'padded', type: 'char(8)', kind: 'text', values: quoted('ab', '', 'abcdefgh', ' x') },
  { name: 'bytes', type: 'longblob', kind: 'bytes', values: ["''", "x'00'", "x'00ff0a0d5c2709'", `x'${Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('')}'`] },
  { name: 'fixed_bytes', type: 'binary(4)', kind: 'bytes', values: ["x'61'", "x'00000000'"] },
  { name: 'bit1', type: 'bit(1)', kind: 'boolean', values: ["b'1'", "b'0'"] },
  { name: 'bit64', type: 'bit(64)', kind: 'bytes', values: ['18446744073709551615', '9223372036854775808'] },
  { name: 'day', type: 'date', kind: 'date', values: quoted('0001-01-01', '9999-12-31', '2024-02-29') },
  { name: 'moment', type: 'datetime(6)', kind: 'timestamp', values: quoted('0001-01-01 00:00:00', '9999-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999') },
  { name: 'instant', type: 'timestamp(6)', kind: 'timestamptz', values: quoted('1970-01-01 00:00:01', '2038-01-19 03:14:07.999999') },
  { name: 'clock', type: 'time(6)', kind: 'time', values: quoted('00:00:00', '23:59:59.999999') },
  { name: 'anno', type: 'year', kind: 'number', values: ['1901', '2155', '0'] },
  { name: 'choice', type: "enum('a','b c')", kind: 'text', values: quoted('a', 'b c') },
  { name: 'several', type: "set('a','b')", kind: 'text', values: quoted('a,b', '') },
  { name: 'doc', type: 'json', kind: 'json', values: quoted('{"a": [1, 2.5, null, "ä😀"]}', 'null', '[]') },
]; // prettier-ignore

const sqlite: readonly ValueColumn[] = [
  { name: 'whole', type: 'integer', kind: 'number', values: ['-9223372036854775808', '9223372036854775807', '0'] },
  { name: 'dbl', type: 'real', kind: 'double', values: ['1.7976931348623157e308', '5e-324', '0.1', '3'] },
  { name: 'price', type: 'decimal(12,2)', kind: 'number', values: ['9999999999.99', '-0.01', '3'] },
  { name: 'dec38', type: 'decimal text(38,10)', kind: 'number', values: quoted('1234567890123456789012345678.0123456789') },
  { name: 'dec50', type: 'decimal text(50,10)', kind: 'number', values: quoted('1234567890123456789012345678901234567890.0123456789') },
  { name: 'decimals', type: 'decimal text', kind: 'number', values: quoted('1234567890123456789012345678901234567890.0123456789', '-0.1') },
  { name: 'word', type: 'text', kind: 'text', values: texts },
  { name: 'bytes', type: 'blob', kind: 'bytes', values: ["x''", "x'00'", "x'00ff0a0d5c27'"] },
  { name: 'truth', type: 'boolean', kind: 'boolean', values: ['1', '0'] },
  { name: 'day', type: 'date', kind: 'date', values: quoted('0001-01-01', '9999-12-31') },
  { name: 'clock', type: 'time', kind: 'time', values: quoted('00:00:00', '23:59:59.999999') },
  { name: 'moment', type: 'timestamp', kind: 'timestamp', values: quoted('0001-01-01 00:00:00', '9999-12-31 23:59:59.999999') },
  { name: 'id128', type: 'uuid text', kind: 'uuid', values: quoted('123e4567-e89b-12d3-a456-426655440000') },
  { name: 'doc', type: 'json text', kind: 'json', values: quoted('{"a": [1, 2.5, null]}', 'null') },
]; // prettier-ignore

const duckdb: readonly ValueColumn[] = [
  { name: 'truth', type: 'boolean', kind: 'boolean', values: ['true', 'false'] },
  { name: 'tiny', type: 'tinyint', kind: 'number', values: ['-128', '127'] },
  { name: 'utiny', type: 'utinyint', kind: 'number', values: ['255'] },
  { name: 'usmall', type: 'usmallint', kind: 'number', values: ['65535'] },
  { name: 'uwhole', type: 'uinteger', kind: 'number', values: ['4294967295'] },
  { name: 'big', type: 'bigint', kind: 'number', values: ['-9223372036854775808', '9223372036854775807'] },
  { name: 'ubig', type: 'ubigint', kind: 'number', values: ['18446744073709551615'] },
  { name: 'huge', type: 'hugeint', kind: 'number', values: ['-170141183460469231731687303715884105728', '170141183460469231731687303715884105727'] },
  { name: 'uhuge', type: 'uhugeint', kind: 'number', values: ['340282366920938463463374607431768211455'] },
  { name: 'single', type: 'float', kind: 'single', values: ['3.4028235e38', '1e-45', '0.1'] },
  { name: 'dbl', type: 'double', kind: 'double', values: ['1.7976931348623157e308', '5e-324', '0.1'] },
  { name: 'dbl_far', type: 'double', kind: 'double', values: quoted('nan', 'inf', '-inf'), beyond: calendarOnly },
  { name: 'dec4', type: 'decimal(4,4)', kind: 'number', values: ['0.9999', '-0.9999'] },
  { name: 'dec9', type: 'decimal(9,2)', kind: 'number', values: ['9999999.99', '-0.01'] },
  { name: 'dec18', type: 'decimal(18,6)', kind: 'number', values: ['999999999999.999999', '-1'] },
  { name: 'dec38', type: 'decimal(38,30)', kind: 'number', values: quoted('99999999.999999999999999999999999999999', '-1') },
  { name: 'dec38all', type: 'decimal(38,38)', kind: 'number', values: quoted('0.99999999999999999999999999999999999999') },
  { name: 'word', type: 'varchar', kind: 'text', values: texts },
  { name: 'bytes', type: 'blob', kind: 'bytes', values: ["''::blob", "'\\x00'::blob", "'\\x00\\xFF\\x0A\\x5C'::blob"] },
  { name: 'day', type: 'date', kind: 'date', values: quoted('0001-01-01', '9999-12-31') },
  { name: 'day_far', type: 'date', kind: 'date', values: quoted('infinity', '0044-03-15 (BC)', '12024-01-01'), beyond: calendarOnly },
  { name: 'clock', type: 'time', kind: 'time', values: quoted('00:00:00', '23:59:59.999999') },
  { name: 'clock_zone', type: 'timetz', kind: 'timetz', values: quoted('00:00:00+15:59:59', '23:59:59.999999-15:59:59', '12:30:00.5+05:30') },
  { name: 'moment', type: 'timestamp', kind: 'timestamp', values: quoted('0001-01-01 00:00:00', '9999-12-31 23:59:59.999999') },
  { name: 'moment_s', type: 'timestamp_s', kind: 'timestamp', values: quoted('2024-02-29 12:00:00') },
  { name: 'moment_ms', type: 'timestamp_ms', kind: 'timestamp', values: quoted('2024-02-29 12:00:00.123') },
  { name: 'moment_far', type: 'timestamp', kind: 'timestamp', values: quoted('infinity', '-infinity', '0044-03-15 (BC) 10:00:00'), beyond: calendarOnly },
  { name: 'instant', type: 'timestamptz', kind: 'timestamptz', values: quoted('0001-01-01 12:00:00+00', '2024-02-29 12:00:00.000001+05:30') },
  { name: 'span', type: 'interval', kind: 'interval', values: quoted('14 months -3 days 04:05:06.789', '-1 month', '1000 hours') },
  { name: 'id128', type: 'uuid', kind: 'uuid', values: quoted('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff') },
  { name: 'doc', type: 'json', kind: 'json', values: quoted('{"a": [1, 2.50, null]}', 'null') },
  { name: 'choice', type: "enum('a','b c')", kind: 'text', values: quoted('a', 'b c') },
  { name: 'record', type: 'struct(a integer, b varchar)', kind: 'record', values: ["{'a': 1, 'b': 'x'}"] },
  { name: 'bits', type: 'bit', kind: 'text', values: quoted('10101') },
  { name: 'truths', type: 'boolean[]', kind: { of: 'boolean' }, values: ['[true, false, null]', '[]'] },
  { name: 'bigs', type: 'bigint[]', kind: { of: 'number' }, values: ['[9223372036854775807, null]'] },
  { name: 'huges', type: 'hugeint[]', kind: { of: 'number' }, values: ['[170141183460469231731687303715884105727]'] },
  { name: 'doubles', type: 'double[]', kind: { of: 'double' }, values: ['[0.1, 1.7976931348623157e308]'] },
  { name: 'prices', type: 'decimal(12,2)[]', kind: { of: 'number' }, values: ['[1.20, -3]'] },
  { name: 'words', type: 'varchar[]', kind: { of: 'text' }, values: ["['a', '', 'NULL', null, 'b c', '[x]', 'q''\"']"] },
  { name: 'days', type: 'date[]', kind: { of: 'date' }, values: ["['2024-02-29', '0044-03-15 (BC)', 'infinity']"] },
  { name: 'clocks', type: 'time[]', kind: { of: 'time' }, values: ["['23:59:59.999999']"] },
  { name: 'clock_zones', type: 'timetz[]', kind: { of: 'timetz' }, values: ["['12:30:00.5+05:30']"] },
  { name: 'moments', type: 'timestamp[]', kind: { of: 'timestamp' }, values: ["['2024-02-29 12:00:00.000001', '0044-03-15 (BC) 10:00:00', null]"] },
  { name: 'instants', type: 'timestamptz[]', kind: { of: 'timestamptz' }, values: ["['2024-02-29 12:00:00.5+05:30']"] },
  { name: 'spans', type: 'interval[]', kind: { of: 'interval' }, values: ["['14 months -3 days 04:05:06.789', '-1 month']"] },
  { name: 'ids', type: 'uuid[]', kind: { of: 'uuid' }, values: ["['123e4567-e89b-12d3-a456-426655440000']"] },
  { name: 'blobs', type: 'blob[]', kind: { of: 'bytes' }, values: ["['\\x00\\xFF'::blob, ''::blob, null]"] },
  { name: 'docs', type: 'json[]', kind: { of: 'json' }, values: [`['{"a": 1.50}'::json, null]`] },
  { name: 'records', type: 'struct(a integer)[]', kind: 'record', values: ["[{'a': 1}, null]"] },
  { name: 'nested', type: 'integer[][]', kind: 'record', values: ['[[1, 2], [], null]'] },
  { name: 'three', type: 'integer[3]', kind: { of: 'number' }, values: ['[1, 2, 3]'] },
]; // prettier-ignore

/** The columns of the table of values, by source. */
export const valueTables: Readonly<Record<SystemName, readonly ValueColumn[]>> = {
  PG: postgres,
  DUCK: duckdb,
  MARIA: mysql,
  LITE: sqlite,
};
