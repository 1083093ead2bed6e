import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';

/** What must have a name for those who do not see it. */
const namedRoles = [
  'button',
  'link',
  'textbox',
  'searchbox',
  'combobox',
  'checkbox',
  'spinbutton',
  'img',
  'region',
  'navigation',
  'dialog',
];

/** What must be there a number of times, as selector, count and law. */
const counted = [
  ['main:visible', 1, 'one <main>'],
  ['nav:visible', 1, 'one <nav>'],
  ['h1:visible', 1, 'one <h1>'],
  ['html[lang]', 1, 'a language'],
  ['img:not([alt])', 0, 'every image has an alternative text'],
  ['th:not([scope])', 0, 'every table header says what it heads'],
  ['main canvas:not([role=img] canvas)', 0, 'every chart has words'],
] as const;

/**
 * What a page must keep to so that the keyboard and screen readers can use it, and what it breaks:
 * one line for each. Judged on what is shown now.
 */
export async function brokenPageLaws(page: Page): Promise<string[]> {
  const broken: string[] = [];
  const snapshot = await page.locator('body').ariaSnapshot();
  const nameless = new RegExp(`^\\s*- (${namedRoles.join('|')})( \\[.*\\])?:?$`);
  for (const line of snapshot.split('\n')) if (nameless.test(line)) broken.push(`no name: ${line.trim()}`);
  for (const [selector, count, law] of counted) {
    const found = await page.locator(selector).count();
    if (found !== count) broken.push(`${law}: ${selector} is there ${found} times`);
  }
  if ((await page.title()) === '') broken.push('the tab has no title');
  if (await page.evaluate<boolean>('document.documentElement.scrollWidth > window.innerWidth')) {
    broken.push('wider than the window');
  }
  return [...broken, ...(await faintTexts(page))];
}

async function faintTexts(page: Page): Promise<string[]> {
  const script = await readFile(new URL('in-browser/faint-texts.js', import.meta.url), 'utf8');
  const faint = await page.evaluate<string[]>(script);
  return faint.map((text) => `too faint: ${text}`);
}
