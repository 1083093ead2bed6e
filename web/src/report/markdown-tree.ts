/** What the page understands of Markdown. Everything else, HTML included, is plain text. */
export type MarkdownBlockNode =
  | { readonly type: 'heading'; readonly level: number; readonly text: string }
  | { readonly type: 'paragraph'; readonly text: string }
  | { readonly type: 'quote'; readonly text: string }
  | { readonly type: 'code'; readonly text: string }
  | { readonly type: 'rule' }
  | { readonly type: 'list'; readonly ordered: boolean; readonly items: readonly string[] }
  | {
      readonly type: 'table';
      readonly head: readonly string[];
      readonly numeric: readonly boolean[];
      readonly rows: readonly (readonly string[])[];
    };

const fence = /^\s*(```|~~~)/;
const heading = /^(#{1,6})\s+(.*?)\s*#*$/;
const listItem = /^\s*([-*+]|\d+[.)])\s+(.*)$/;
const rule = /^\s*([-*_])(\s*\1){2,}\s*$/;
const tableRule = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** Reads Markdown into blocks; their texts still hold inline marks. */
export function parseMarkdown(text: string): MarkdownBlockNode[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const blocks: MarkdownBlockNode[] = [];
  let at = 0;
  while (at < lines.length) {
    if ((lines[at] ?? '').trim() === '') at += 1;
    else {
      const { block, next } = readBlock(lines, at);
      blocks.push(block);
      at = next;
    }
  }
  return blocks;
}

interface Read {
  readonly block: MarkdownBlockNode;
  /** Index of the first line after the block. */
  readonly next: number;
}

function readBlock(lines: readonly string[], at: number): Read {
  const line = lines[at] ?? '';
  if (fence.test(line)) return readCode(lines, at);
  const [, marks, title] = heading.exec(line) ?? [];
  if (marks !== undefined)
    return { block: { type: 'heading', level: marks.length, text: title ?? '' }, next: at + 1 };
  if (rule.test(line)) return { block: { type: 'rule' }, next: at + 1 };
  if (line.includes('|') && tableRule.test(lines[at + 1] ?? '')) return readTable(lines, at);
  if (listItem.test(line)) return readList(lines, at);
  if (line.startsWith('>')) {
    const end = endOf(lines, at, (one) => one.startsWith('>'));
    const text = lines
      .slice(at, end)
      .map((one) => one.replace(/^>\s?/, ''))
      .join(' ');
    return { block: { type: 'quote', text }, next: end };
  }
  const end = Math.max(
    at + 1,
    endOf(lines, at, (one) => one.trim() !== '' && !startsBlock(one)),
  );
  return {
    block: {
      type: 'paragraph',
      text: lines
        .slice(at, end)
        .map((one) => one.trim())
        .join(' '),
    },
    next: end,
  };
}

function startsBlock(line: string): boolean {
  return (
    fence.test(line) || heading.test(line) || listItem.test(line) || rule.test(line) || line.startsWith('>')
  );
}

function endOf(lines: readonly string[], at: number, belongs: (line: string) => boolean): number {
  let end = at;
  while (end < lines.length && belongs(lines[end] ?? '')) end += 1;
  return end;
}

function readCode(lines: readonly string[], at: number): Read {
  const end = at + 1 + endOf(lines.slice(at + 1), 0, (line) => !fence.test(line));
  return { block: { type: 'code', text: lines.slice(at + 1, end).join('\n') }, next: end + 1 };
}

function readList(lines: readonly string[], at: number): Read {
  const ordered = /^\s*\d/.test(lines[at] ?? '');
  const items: string[] = [];
  let next = at;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? '';
    const [, , text] = listItem.exec(line) ?? [];
    if (text !== undefined) items.push(text);
    else if (line.trim() !== '' && /^\s+/.test(line)) items.push(`${items.pop() ?? ''} ${line.trim()}`);
    else break;
  }
  return { block: { type: 'list', ordered, items }, next };
}

function readTable(lines: readonly string[], at: number): Read {
  const head = cells(lines[at] ?? '');
  const numeric = cells(lines[at + 1] ?? '').map((mark) => mark.endsWith(':'));
  const end = endOf(lines, at + 2, (line) => line.includes('|'));
  const rows = lines.slice(at + 2, end).map((line) => {
    const row = cells(line);
    return head.map((_, index) => row[index] ?? '');
  });
  return { block: { type: 'table', head, numeric, rows }, next: end };
}

function cells(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}
