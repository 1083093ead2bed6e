import { expect, test } from 'vitest';
import { contextOf, parseTemplate, renderSync } from '../jinja/index.ts';
import { dateTime, pythonModules } from './date-time.ts';

function rendered(expression: string): string {
  const context = contextOf({
    modules: pythonModules,
    run_started_at: dateTime(Date.UTC(2024, 1, 29, 13, 4, 5, 250)),
  });
  return renderSync(parseTemplate(`{%- set dt = modules.datetime -%}{{ ${expression} }}`, 'a.sql'), context);
}

test.each([
  ['run_started_at', '2024-02-29 13:04:05.250000+00:00'],
  [
    "run_started_at.astimezone(modules.pytz.timezone('America/New_York')).isoformat()",
    '2024-02-29T08:04:05.250000-05:00',
  ],
  [
    "modules.pytz.timezone('Europe/Berlin').localize(dt.datetime(2024, 7, 1, 12)).strftime('%H:%M %z')",
    '12:00 +0200',
  ],
  ["dt.datetime(2024, 12, 30).strftime('%G-W%V-%u')", '2025-W01-1'],
  ["modules.re.sub('[ -]+', '_', 'a b--c')", 'a_b_c'],
  ["modules.re.match('(?P<y>[0-9]+)-(.*)', '2024-x').group('y')", '2024'],
  ["modules.re.search('b', 'abc').span()", '(1, 2)'],
  ["modules.re.findall('[a-z]+', 'ab 12 cd')", "['ab', 'cd']"],
  ["modules.re.sub('(a)(b)', '\\\\2\\\\1', 'abab', count=1)", 'baab'],
  ["'yes' if modules.re.match('B', 'ab', modules.re.IGNORECASE) else 'no'", 'no'],
  ["modules.itertools.product([1, 2], 'ab') | list", "[(1, 'a'), (1, 'b'), (2, 'a'), (2, 'b')]"],
  ['modules.itertools.combinations([1, 2, 3], 2) | list', '[(1, 2), (1, 3), (2, 3)]'],
  ['modules.itertools.chain([1], [2, 3]) | list', '[1, 2, 3]'],
  ["run_started_at.strftime('%Y%m%d-%-H:%M %b %A %j %I%p')", '20240229-13:04 Feb Thursday 060 01PM'],
  ['run_started_at.date() + dt.timedelta(days=1)', '2024-03-01'],
  ['dt.datetime(2024, 1, 1, 8).isoformat()', '2024-01-01T08:00:00'],
  ["dt.datetime.strptime('03/02/2024', '%d/%m/%Y').date()", '2024-02-03'],
  ['(dt.date(2024, 3, 1) - dt.date(2024, 2, 1)).days', '29'],
  ['dt.date(2024, 3, 1) > dt.date(2024, 2, 1)', 'True'],
  ["dt.date.fromisoformat('2024-02-01') == dt.date(2024, 2, 1)", 'True'],
  ["dt.datetime.fromisoformat('2024-02-01T12:00:00+00:00')", '2024-02-01 12:00:00+00:00'],
  ["dt.datetime.fromisoformat('2024-02-01T12:00:00+05:30').timestamp() | int", '1706769000'],
  ["dt.datetime.fromisoformat('2024-02-01T12:00:00Z').hour", '12'],
  ['dt.timedelta(days=1, hours=2)', '1 day, 2:00:00'],
  ['dt.datetime(2024, 5, 6).replace(day=1, month=12).weekday()', '6'],
  ["[run_started_at.year, run_started_at.month, run_started_at.second] | join('/')", '2024/2/5'],
])('%s is %s', (expression, text) => {
  expect(rendered(expression)).toBe(text);
});

test.each([
  ['dt.date(2023, 2, 29)', 'no such day'],
  ["dt.datetime.strptime('x', '%Y')", 'does not fit'],
  ["modules.pytz.timezone('Mars/Olympus')", 'no time zone'],
  ["modules.re.search('(', 'x')", 'no regular expression'],
])('%s is refused', (expression, message) => {
  expect(() => rendered(expression)).toThrow(message);
});
