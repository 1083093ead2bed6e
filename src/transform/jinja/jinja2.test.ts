import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contextOf, parseTemplate, render, renderSync, TemplateError } from './index.ts';

/** Templates without a context and what Jinja2 3.1.6 makes of them: their text, or null for an error. */
const cases = JSON.parse(readFileSync(new URL('jinja2-cases.json', import.meta.url), 'utf8')) as [
  string,
  string | null,
][];

const nothing = contextOf({});

describe('what Jinja2 prints', () => {
  it.each(cases.filter(([, output]) => output !== null))('%j', async (source, output) => {
    expect(renderSync(parseTemplate(source, 'model.sql'), nothing)).toBe(output);
    expect(await render(parseTemplate(source, 'model.sql'), nothing)).toBe(output);
  });

  it.each(cases.filter(([, output]) => output === null))('refuses %j', (source) => {
    expect(() => renderSync(parseTemplate(source, 'model.sql'), nothing)).toThrow(TemplateError);
  });
});
