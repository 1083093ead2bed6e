import { Fragment, type ReactNode } from 'react';
import { Link } from '../router.tsx';
import { parseMarkdown, type MarkdownBlockNode } from './markdown-tree.ts';

interface MarkdownProps {
  readonly text: string;
  /** The title that the page shows already; not repeated when the text begins with it. */
  readonly pageTitle: string;
}

/** Renders Markdown as elements. Nothing of it becomes HTML by itself, so it cannot carry scripts. */
export function Markdown({ text, pageTitle }: MarkdownProps): ReactNode {
  const blocks = parseMarkdown(text).filter(
    (block) => !(block.type === 'heading' && block.level === 1 && block.text === pageTitle),
  );
  if (blocks.length === 0) return null;
  return (
    <div className="prose">
      {blocks.map((block, index) => (
        <Block key={index} block={block} />
      ))}
    </div>
  );
}

/** The report's title is the page's first heading, so its own begin one level below. */
const headings = ['h2', 'h2', 'h3', 'h4', 'h5', 'h6'] as const;

function Block({ block }: { readonly block: MarkdownBlockNode }): ReactNode {
  switch (block.type) {
    case 'heading': {
      const Heading = headings[block.level - 1] ?? 'h6';
      return <Heading>{inline(block.text)}</Heading>;
    }
    case 'paragraph':
      return <p>{inline(block.text)}</p>;
    case 'quote':
      return (
        <blockquote>
          <p>{inline(block.text)}</p>
        </blockquote>
      );
    case 'code':
      return (
        <pre>
          <code>{block.text}</code>
        </pre>
      );
    case 'rule':
      return <hr />;
    case 'list': {
      const List = block.ordered ? 'ol' : 'ul';
      return (
        <List>
          {block.items.map((item, index) => (
            <li key={index}>{inline(item)}</li>
          ))}
        </List>
      );
    }
    default:
      return <Table block={block} />;
  }
}

function Table({ block }: { readonly block: Extract<MarkdownBlockNode, { type: 'table' }> }): ReactNode {
  const alignment = (index: number): string | undefined => (block.numeric[index] ? 'number' : undefined);
  return (
    <div className="table-scroll">
      <table>
        <thead>
          <tr>
            {block.head.map((text, index) => (
              <th key={index} scope="col" className={alignment(index)}>
                {inline(text)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {block.rows.map((row, index) => (
            <tr key={index}>
              {row.map((text, position) => (
                <td key={position} className={alignment(position)}>
                  {inline(text)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Code, strong, emphasis, link, in the order of what binds closest. */
const marks =
  /`([^`]+)`|\*\*(.+?)\*\*|__(.+?)__|\*([^*\s][^*]*?)\*|\b_([^_]+)_\b|\[([^\]]+)\]\(((?:[^()\s]|\([^()\s]*\))+)\)/g;

function inline(text: string): ReactNode {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const match of text.matchAll(marks)) {
    parts.push(text.slice(at, match.index), mark(match));
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return parts.map((part, index) => <Fragment key={index}>{part}</Fragment>);
}

function mark(match: RegExpExecArray): ReactNode {
  const [all, code, strong, strongToo, emphasis, emphasisToo, label, target] = match;
  if (code !== undefined) return <code>{code}</code>;
  if (strong !== undefined) return <strong>{inline(strong)}</strong>;
  if (strongToo !== undefined) return <strong>{inline(strongToo)}</strong>;
  if (emphasis !== undefined) return <em>{inline(emphasis)}</em>;
  if (emphasisToo !== undefined) return <em>{inline(emphasisToo)}</em>;
  return label === undefined || target === undefined ? all : <SafeLink label={label} target={target} />;
}

/** Only web addresses and places in this page; anything else stays text. */
function SafeLink({ label, target }: { readonly label: string; readonly target: string }): ReactNode {
  if (/^\/(?!\/)/.test(target)) return <Link to={target}>{inline(label)}</Link>;
  if (!/^(https?:\/\/|mailto:)/i.test(target)) return label;
  return (
    <a href={target} target="_blank" rel="noreferrer">
      {inline(label)}
    </a>
  );
}
