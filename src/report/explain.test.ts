import { expect, test } from 'vitest';
import { explainReport } from './explain.ts';
import { readReport } from './project.ts';

test('shows the SQL that would run, what it reads and which charts take it', () => {
  const report = readReport(
    '```sql q\nselect a\nfrom m\n```\n{% bar query="q" x="a" y="a" /%}\n{% table query="q" /%}\n',
    'reports/r.md',
  );
  const lines = explainReport(report, (sql, origin) => ({
    sql: sql.toUpperCase(),
    reads: [{ kind: 'reads', from: 'shop/m', origin }],
  }));
  expect(lines).toEqual(['query q reads shop/m', '  bar (a, a)', '  table', '    SELECT A', '    FROM M']);
});
