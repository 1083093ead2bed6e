import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../core/json.ts';
import { parseExpression } from './expression.ts';

const scope = {
  run: { total_rows: 3, list: [3, 1, 2], at: '2026-02-03 14:05:06' },
  user: { name: 'Zoë', tags: ['a', 'b'] },
};
const value = (text: string): JsonValue => parseExpression(text)(scope);

test.each<[string, JsonValue]>([
  ['run.total_rows > 0 ? "many" : "none"', 'many'],
  ['1 + 2 * 3 == 7 && !false', true],
  ["'n: ' + run.total_rows", 'n: 3'],
  ['[1, 2, 3][1]', 2],
  ['split("a,b,c", ",")[2]', 'c'],
  ['upper(user.name) + lower("X")', 'ZOËx'],
  ['replace_accents(user.name)', 'Zoe'],
  ['remove_diacritics("ü")', 'u'],
  ['trim_space("  a ") + trim_left(" b") + trim_right("c ")', 'abc'],
  ['replace("a.b", ".", "$&")', 'a$&b'],
  ['substring("hello", 1, 3)', 'el'],
  ['split_part("a-b-c", "-", 1)', 'b'],
  ['join(user.tags, "+")', 'a+b'],
  ['contains("abc", "b") && starts_with("abc", "a") && ends_with("abc", "c")', true],
  ['length(user.tags) + length("äö")', 4],
  ['hash("a")', '0cc175b9c0f1b6a831c399e269772661'],
  ['length(hash("a", "sha512"))', 128],
  ['decode_base64(encode_base64("ä"))', 'ä'],
  ['decode_url(encode_url("a b&c"))', 'a b&c'],
  ['replace_non_printable("a\\nb")', 'ab'],
  ['int_parse("12") + float_parse("0.5")', 12.5],
  ['bool_parse("Yes")', true],
  ['round(2.345, 2)', 2.35],
  ['floor(-1.5) + ceil(1.2) + abs(-3)', 3],
  ['greatest(1, 5, null)', 5],
  ['least(run.list)', 1],
  ['int_range(1, 3)', [1, 2, 3]],
  ['range(0, 6, 2)', [0, 2, 4]],
  ['coalesce(null, run.nothing, 4)', 4],
  ['value("", "other")', 'other'],
  ['if(run.total_rows == 3, "three", int_parse("no number"))', 'three'],
  ['is_null(run.nothing) && is_empty([]) && !is_empty("a")', true],
  ['equals([1], [1])', true],
  ['type_of(1.5) + type_of("")', 'floatstring'],
  ['cast("7", "int") + 1', 8],
  ['try_cast("x", "int")', null],
  ['element(run.list, 0)', 3],
  ['exists(user.tags, "a") && exists(user, "name")', true],
  ['sort(run.list, true)', [3, 2, 1]],
  ['chunk(run.list, 2)', [[3, 1], [2]]],
  ['filter(run.list, "value > 1")', [3, 2]],
  ['map(run.list, "value * run.total_rows")', [9, 3, 6]],
  ['keys(user)', ['name', 'tags']],
  ['object_merge(object("a", 1), object("b", 2))', { a: 1, b: 2 }],
  ['object_rename(object("a", 1), "a", "c")', { c: 1 }],
  ['object_delete(object("a", 1, "b", 2), "a")', { b: 2 }],
  ['object_zip(user.tags, run.list)', { a: 3, b: 1 }],
  ['get_path(user, "tags[1]")', 'b'],
  ['jmespath(user, "tags[0]")', 'a'],
  ['object_casing(object("Order-ID", 1, "lineItems", 2), "snake")', { order_id: 1, line_items: 2 }],
  ['object_casing(object("order_id", 1), "camel")', { orderId: 1 }],
  ['jmespath("{\\"a\\": [1, 2]}", "sum(a)")', 3],
  ['parse_json("{\\"a\\": 1}").a', 1],
  ['json_parse("[2]")[0]', 2],
  ['regex_match("a-12", "^[a-z]-\\\\d+$")', true],
  ['regex_match("a-12", "^b")', false],
  ['date_format(run.at, "%d.%m.%y %H:%M %j %B")', '03.02.26 14:05 034 February'],
  ['date_add("2026-01-31", 1, "month")', '2026-02-28T00:00:00Z'],
  ['date_diff("2026-03-01", "2026-02-01")', 28],
  ['date_diff("2026-03-01", "2025-03-01", "month")', 12],
  ['date_trunc(run.at, "hour")', '2026-02-03T14:00:00Z'],
  ['date_first(run.at)', '2026-02-01T00:00:00Z'],
  ['date_last(run.at)', '2026-02-28T00:00:00Z'],
  ['date_extract(run.at, "doy")', 34],
  [
    'date_range("2026-02-01", "2026-02-03")',
    ['2026-02-01T00:00:00Z', '2026-02-02T00:00:00Z', '2026-02-03T00:00:00Z'],
  ],
])('%s', (text, expected) => {
  expect(value(text)).toEqual(expected);
});

describe('mistakes', () => {
  test('an unknown function is told when the expression is read', () => {
    expect(() => parseExpression('uper(a)')).toThrow(
      /no function uper\(\) in expressions; did you mean upper\(\)\?/,
    );
    expect(() => parseExpression('[set_timezone(a, "UTC")]')).toThrow(/write the conversion into sql/);
  });

  test.each(['1 +', 'a ? b', 'f(1', '[1, 2', '(1', 'a = b'])('%s cannot be read', (text) => {
    expect(() => parseExpression(text)).toThrow(SyntaxError);
  });

  test.each([
    'int_parse("x")',
    'date_format("Tuesday", "%Y")',
    'date_format("2026-01-01", "%Q")',
    'require(null, "gone")',
    'hash("a", "crc")',
  ])('%s fails when it is asked', (text) => {
    const read = parseExpression(text);
    expect(() => read(scope)).toThrow(RangeError);
  });
});
