import { describe, expect, test } from 'vitest';
import { MillraceError, ProjectError } from '../core/errors.ts';
import { readReport } from './project.ts';

const sales = `---
title: Sales
owner: shop@example.org
tags: [daily]
---
# Heading

Prose with \`{% bar %}\` in code.

\`\`\`sql by_city
select city, revenue
from {{ ref('net_revenue_by_city') }};
\`\`\`

\`\`\`js
{% not a tag %}
\`\`\`

{% bar query="by_city" x="city" y="revenue" title="By \\"city\\"" format="CAD" /%}
{% line query="by_city"
   x="city" y=["revenue", "city"] /%}
{% value query='by_city' column="revenue" /%}
{% table query="by_city" columns=["city"] /%}
`;

function mistake(text: string): string {
  try {
    readReport(text, 'reports/r.md');
  } catch (error) {
    const found = error instanceof ProjectError ? error.issues[0] : error;
    if (!(found instanceof MillraceError)) throw error;
    return `${found.origin?.line} ${found.code}: ${found.message}`;
  }
  throw new Error('the report was accepted');
}

describe('readReport', () => {
  test('takes prose, queries and charts apart, with their lines', () => {
    const report = readReport(sales, 'reports/sales.md');
    expect(report).toMatchObject({
      name: 'sales',
      title: 'Sales',
      owner: 'shop@example.org',
      tags: ['daily'],
    });
    expect(report.queries).toEqual([
      {
        name: 'by_city',
        sql: "select city, revenue\nfrom {{ ref('net_revenue_by_city') }}",
        origin: { file: 'reports/sales.md', line: 11 },
      },
    ]);
    expect(report.blocks.map((block) => (block.type === 'chart' ? block.chart : block.markdown))).toEqual([
      '# Heading\n\nProse with `{% bar %}` in code.\n\n\n```js\n{% not a tag %}\n```',
      'bar',
      'line',
      'value',
      'table',
    ]);
    expect(report.blocks[1]).toEqual({
      type: 'chart',
      chart: 'bar',
      title: 'By "city"',
      queryName: 'by_city',
      x: 'city',
      y: ['revenue'],
      format: 'CAD',
      origin: { file: 'reports/sales.md', line: 19, column: 1 },
    });
    expect(report.blocks[2]).toMatchObject({ y: ['revenue', 'city'], origin: { line: 20 } });
    expect(report.blocks[3]).toMatchObject({ y: ['revenue'], title: 'revenue' });
    expect(report.blocks[4]).toMatchObject({ columns: ['city'] });
  });

  test('takes the title from the first heading, else from the file', () => {
    expect(readReport('Hello\n\n# Orders\n', 'reports/o.md').title).toBe('Orders');
    expect(readReport('Hello\n', 'reports/o.md').title).toBe('o');
  });

  const query = '```sql q\nselect 1 as a\n```\n';
  test.each([
    [`${query}{% bra query="q" x="a" y="a" /%}`, "4 unknown_tag: Unknown chart 'bra', did you mean 'bar'?"],
    [
      `${query}{% bar query="q" x="a" y="a"\n  titel="b" /%}`,
      "5 unknown_attribute: Unknown attribute 'titel' of bar, did you mean 'title'?",
    ],
    [`${query}{% bar query="q" x="a" /%}`, "4 attribute_missing: bar needs the attribute 'y'"],
    [
      `${query}{% bar query="q" x="a" y="a" format="dollars" /%}`,
      "4 attribute_invalid: Attribute 'format' of bar is not valid: expected integer, decimal, percent or a currency code such as CAD",
    ],
    [`${query}{% bar query="q" x="a" x="b" y="a" /%}`, "4 attribute_duplicate: Attribute 'x' is given twice"],
    [
      `${query}{% value query="p" column="a" /%}`,
      "4 query_missing: value reads the query 'p', which is not in this file, did you mean 'q'?",
    ],
    [`${query}\n${query}`, "6 query_duplicate: Query 'q' is defined twice, first in line 2"],
    ['\n```sql q\nselect 1\n', '2 fence_unclosed: The code block opened here is never closed'],
    ['```sql p\nselect 1\n\n' + query, '1 fence_unclosed: The code block opened here is never closed'],
    ['```sql two words\nselect 1\n```', '1 query_name_invalid'],
    ['```sql q\n;\n```', "1 query_empty: Query 'q' is empty"],
    [`${query}{% bar query="q" x="a" y="a" %}`, '4 tag_unclosed'],
    [`${query}{% bar query=q x="a" /%}`, '4 tag_syntax: Expected a value'],
    [`${query}See {% value query="q" column="a" /%}`, '4 tag_inline'],
    [`${query}{% bar query="q" x="a" y=["a", "b"] series="a" /%}`, '4 series_with_many_y'],
    ['---\ntitle: a\ntagz: [b]\n---\n', "3 unknown_key: unknown key 'tagz', did you mean 'tags'?"],
    ['---\ntitle: [\n---\n', 'yaml_syntax'],
    ['---\ntitle: a\n', '1 frontmatter_unclosed'],
  ])('refuses %j', (text, expected) => {
    expect(mistake(text)).toContain(expected);
  });

  test('never runs an expression', () => {
    expect(mistake(`${query}{% value query=$process.env.HOME column="a" /%}`)).toContain('4 tag_syntax');
  });
});
