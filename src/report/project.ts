import { basename } from 'node:path/posix';
import { isNodeKey } from '../core/node.ts';
import type { Origin } from '../core/origin.ts';
import { readChart } from './chart-tag.ts';
import { reportMistake, suggest } from './errors.ts';
import { readFrontmatter } from './frontmatter.ts';
import type { Report, ReportBlock, ReportQuery } from './report.ts';
import { readTag } from './tag-syntax.ts';

/** Reads one report. `relativePath` is relative to the project folder. Throws `ConfigError` with file and line. */
export function readReport(text: string, relativePath: string): Report {
  const name = basename(relativePath, '.md');
  if (!isNodeKey(name) || name.includes('/')) {
    throw reportMistake(
      `A report's file name may hold letters, digits, _ . $ - and spaces; found '${name}'`,
      'report_name_invalid',
      { file: relativePath },
      'Rename the file',
    );
  }
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const { values, bodyStart } = readFrontmatter(lines, relativePath);
  const body = readBody(lines, bodyStart, relativePath);
  checkQueries(body);
  return {
    name,
    title: values.title ?? firstHeading(body.blocks) ?? name,
    description: values.description ?? '',
    ...(values.owner === undefined ? {} : { owner: values.owner }),
    tags: values.tags ?? [],
    origin: { file: relativePath, line: 1 },
    ...body,
  };
}

interface Body {
  readonly queries: readonly ReportQuery[];
  readonly blocks: readonly ReportBlock[];
}

interface Fence {
  readonly info: string;
  readonly end: number;
}

function readBody(lines: readonly string[], start: number, file: string): Body {
  const queries: ReportQuery[] = [];
  const blocks: ReportBlock[] = [];
  let prose: string[] = [];
  const flush = (): void => {
    const markdown = prose.join('\n').trim();
    if (markdown !== '') blocks.push({ type: 'markdown', markdown });
    prose = [];
  };
  for (let index = start; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const fence = readFence(lines, index, file);
    if (fence) {
      const query = readQuery(lines, index, fence, file);
      if (query) queries.push(query);
      else prose.push(...lines.slice(index, fence.end + 1));
      index = fence.end;
    } else if (/^ {0,3}\{%/.test(line)) {
      flush();
      const end = tagEnd(lines, index, file);
      blocks.push(
        readChart(
          readTag(
            lines
              .slice(index, end + 1)
              .join('\n')
              .trim(),
            file,
            index + 1,
          ),
        ),
      );
      index = end;
    } else {
      checkProse(line, file, index + 1);
      prose.push(line);
    }
  }
  flush();
  return { queries, blocks };
}

function readFence(lines: readonly string[], index: number, file: string): Fence | undefined {
  const opening = /^ {0,3}(`{3,}|~{3,})\s*(.*)$/.exec(lines[index] ?? '');
  const marker = opening?.[1];
  if (marker === undefined || (marker.startsWith('`') && opening?.[2]?.includes('`'))) return undefined;
  const info = (opening?.[2] ?? '').trim();
  const fenceLine = new RegExp(`^ {0,3}${marker[0]}{${marker.length},}\\s*(.*)$`);
  const end = lines.findIndex((line, at) => at > index && endsFence(fenceLine.exec(line), info));
  // SQL holds no fences: one that opens inside means that the closing line is missing.
  if (end < 0 || fenceLine.exec(lines[end] ?? '')?.[1] !== '') {
    throw reportMistake(
      'The code block opened here is never closed',
      'fence_unclosed',
      { file, line: index + 1 },
      `Close it with a line of ${marker}`,
    );
  }
  return { info, end };
}

function endsFence(found: RegExpExecArray | null, info: string): boolean {
  return found !== null && (found[1] === '' || isSql(info));
}

function isSql(info: string): boolean {
  return /^sql\b/i.test(info);
}

/** A block `sql <name>`; other code blocks, and `sql` without a name, are prose. */
function readQuery(
  lines: readonly string[],
  index: number,
  fence: Fence,
  file: string,
): ReportQuery | undefined {
  const [, ...words] = fence.info.split(/\s+/);
  if (!isSql(fence.info) || words.length === 0) return undefined;
  const origin: Origin = { file, line: index + 1 };
  const name = words.join(' ');
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw reportMistake(
      `A query's name is one word of letters, digits and _; found '${name}'`,
      'query_name_invalid',
      origin,
    );
  }
  const sql = lines
    .slice(index + 1, fence.end)
    .join('\n')
    .replace(/[\s;]+$/, '');
  if (sql.trim() === '') throw reportMistake(`Query '${name}' is empty`, 'query_empty', origin);
  return { name, sql, origin: { file, line: index + 2 } };
}

function tagEnd(lines: readonly string[], index: number, file: string): number {
  for (let at = index; at < lines.length && (lines[at] ?? '').trim() !== ''; at++) {
    if (/\/%\}\s*$/.test(lines[at] ?? '')) return at;
  }
  throw reportMistake(
    'A chart tag must end with /%} at the end of a line',
    'tag_unclosed',
    { file, line: index + 1 },
    'Write it as: {% bar query="sales" x="city" y="revenue" /%}',
  );
}

function checkProse(line: string, file: string, number: number): void {
  const column = line.replaceAll(/`[^`]*`/g, (code) => ' '.repeat(code.length)).indexOf('{%');
  if (column < 0) return;
  throw reportMistake('A chart tag must stand on a line of its own', 'tag_inline', {
    file,
    line: number,
    column: column + 1,
  });
}

function checkQueries({ queries, blocks }: Body): void {
  const names = new Map<string, Origin>();
  for (const { name, origin } of queries) {
    const before = names.get(name);
    if (before) {
      throw reportMistake(
        `Query '${name}' is defined twice, first in line ${before.line}`,
        'query_duplicate',
        origin,
      );
    }
    names.set(name, origin);
  }
  for (const block of blocks) {
    if (block.type === 'markdown' || names.has(block.queryName)) continue;
    throw reportMistake(
      `${block.chart} reads the query '${block.queryName}', which is not in this file${suggest(block.queryName, [...names.keys()])}`,
      'query_missing',
      block.origin,
      `Add a block that opens with: \`\`\`sql ${block.queryName}`,
    );
  }
}

function firstHeading(blocks: readonly ReportBlock[]): string | undefined {
  for (const block of blocks) {
    const heading = block.type === 'markdown' ? /^#\s+(.+?)\s*#*$/m.exec(block.markdown)?.[1] : undefined;
    if (heading !== undefined) return heading;
  }
  return undefined;
}
