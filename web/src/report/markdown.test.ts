import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { Markdown } from './markdown.tsx';

function html(text: string, pageTitle = ''): string {
  return renderToStaticMarkup(createElement(Markdown, { text, pageTitle })).replace(
    /^<div class="prose">(.*)<\/div>$/s,
    '$1',
  );
}

test.each([
  ['a paragraph\nin two lines\n\nand another', '<p>a paragraph in two lines</p><p>and another</p>'],
  ['## Orders ##', '<h2>Orders</h2>'],
  ['- a\n- b **bold**\n  goes on', '<ul><li>a</li><li>b <strong>bold</strong> goes on</li></ul>'],
  ['1. first\n2. second', '<ol><li>first</li><li>second</li></ol>'],
  [
    '*one* and `two * 3 * 4` and snake_case_word',
    '<p><em>one</em> and <code>two * 3 * 4</code> and snake_case_word</p>',
  ],
  ['3 * 4 * 5', '<p>3 * 4 * 5</p>'],
  ['```sql\nselect *\n\nfrom a\n```\nafter', '<pre><code>select *\n\nfrom a</code></pre><p>after</p>'],
  ['```\nnever closed', '<pre><code>never closed</code></pre>'],
  ['> quoted\n> on', '<blockquote><p>quoted on</p></blockquote>'],
  ['---', '<hr/>'],
])('%j', (text, expected) => {
  expect(html(text)).toBe(expected);
});

test('a table keeps its alignment and fills short rows', () => {
  const table = html('| city | net |\n|---|--:|\n| **Ottawa** | 5 |\n| Halifax |');
  expect(table).toContain('<th scope="col" class="number">net</th>');
  expect(table).toContain('<td><strong>Ottawa</strong></td><td class="number">5</td>');
  expect(table).toContain('<td>Halifax</td><td class="number"></td>');
});

test('HTML stays text', () => {
  expect(html('<img src=x onerror=alert(1)> & <b>x</b>')).toBe(
    '<p>&lt;img src=x onerror=alert(1)&gt; &amp; &lt;b&gt;x&lt;/b&gt;</p>',
  );
});

test.each(['javascript:alert(1)', 'data:text/html,x', '//evil.example', 'JAVASCRIPT:alert(1)'])(
  'a link to %s is only its text',
  (target) => {
    expect(html(`[click](${target})`)).toBe('<p>click</p>');
  },
);

test('links lead within the page and out of it', () => {
  expect(html('[model](/node/marts/a)')).toBe('<p><a href="/node/marts/a">model</a></p>');
  expect(html('[site](https://example.com/a)')).toContain(
    'href="https://example.com/a" target="_blank" rel="noreferrer"',
  );
});

test('the title that the page shows already is not repeated', () => {
  expect(html('# Revenue\n\ntext', 'Revenue')).toBe('<p>text</p>');
  expect(html('# Other', 'Revenue')).toBe('<h2>Other</h2>');
});
