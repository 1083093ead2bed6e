import { useQuery } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { graphQuery } from '../api.ts';
import { formatQuantity } from '../format.ts';
import { GraphCanvas } from '../graph/canvas.tsx';
import { kindWord, nodeCounts, type NodeView } from '../health.ts';
import { useNodes } from '../node/use-nodes.ts';
import { Answer, Empty } from '../parts/answer.tsx';
import { Icon } from '../parts/icon.tsx';
import { NodeLink } from '../parts/node-link.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { StateBadge } from '../parts/state-badge.tsx';

type Form = 'drawing' | 'list';

export function GraphPage(): ReactNode {
  const graph = useQuery(graphQuery());
  const nodes = useNodes();
  const [search, setSearch] = useState('');
  const [form, setForm] = useState<Form>('drawing');
  const drawn = useMemo(() => graph.data?.nodes.filter((node) => node.kind !== 'check') ?? [], [graph.data]);
  const views = useMemo(() => [...nodes.values()].filter(({ node }) => node.kind !== 'check'), [nodes]);
  const found = useMemo(() => findNodes(views, search), [views, search]);
  return (
    <div className="graph-view">
      <PageHead title="Graph" description={graph.data && nodeCounts(views)}>
        <label className="search">
          <Icon name="search" size={14} />
          <span className="unseen">Search the graph</span>
          <input
            type="search"
            value={search}
            placeholder="name, kind:model, tag:daily"
            spellCheck={false}
            onChange={(event) => setSearch(event.target.value)}
          />
          {found && <output>{formatQuantity(found.size, 'match', 'matches')}</output>}
        </label>
        <div className="segments" role="group" aria-label="Form">
          {(['drawing', 'list'] as const).map((one) => (
            <button key={one} type="button" aria-pressed={form === one} onClick={() => setForm(one)}>
              {one === 'drawing' ? 'Drawing' : 'List'}
            </button>
          ))}
        </div>
      </PageHead>
      <Answer query={graph} of="the graph">
        {() => {
          if (views.length === 0) {
            return (
              <Empty title="The project defines nothing yet">
                <p>
                  Add a replication, a model or a task, then run <code>millrace check</code>.
                </p>
              </Empty>
            );
          }
          return form === 'drawing' ? (
            <>
              <GraphCanvas nodes={drawn} views={nodes} found={found} />
              <Legend />
            </>
          ) : (
            <NodeList views={found ? views.filter(({ node }) => found.has(node.key)) : views} nodes={nodes} />
          );
        }}
      </Answer>
    </div>
  );
}

/** Words are parts of a key or a group; `kind:` and `tag:` narrow. All of them must fit. */
function findNodes(views: readonly NodeView[], search: string): ReadonlySet<string> | undefined {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return undefined;
  return new Set(views.filter((view) => words.every((word) => fits(view, word))).map(({ node }) => node.key));
}

function fits({ node, health }: NodeView, word: string): boolean {
  const [, field, value] = /^(kind|tag|state):(.*)$/.exec(word) ?? [];
  if (field === 'kind') return node.kind === value || kindWord(node) === value;
  if (field === 'tag') return node.tags.some((tag) => tag.toLowerCase() === value);
  if (field === 'state') return health.word.toLowerCase().startsWith(value ?? '');
  return node.key.toLowerCase().includes(word) || node.group.toLowerCase().includes(word);
}

function Legend(): ReactNode {
  return (
    <div className="legend">
      <span>
        <svg width="30" height="8" aria-hidden="true">
          <path className="edge reads" d="M0 4H30" />
        </svg>
        reads
      </span>
      <span>
        <svg width="30" height="8" aria-hidden="true">
          <path className="edge after" d="M0 4H30" />
        </svg>
        runs after
      </span>
      <span className="quiet">Point at a node to see its lineage. Ctrl + wheel zooms.</span>
    </div>
  );
}

function NodeList({
  views,
  nodes,
}: {
  readonly views: readonly NodeView[];
  readonly nodes: ReadonlyMap<string, NodeView>;
}): ReactNode {
  return (
    <div className="panel table-scroll">
      <table>
        <caption className="unseen">Nodes of the graph</caption>
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">Kind</th>
            <th scope="col">State</th>
            <th scope="col">Checks</th>
            <th scope="col">Directly upstream</th>
          </tr>
        </thead>
        <tbody>
          {views.map((view) => (
            <tr key={view.node.key}>
              <th scope="row">
                <NodeLink nodeKey={view.node.key} view={view} />
              </th>
              <td>{kindWord(view.node)}</td>
              <td>
                <StateBadge health={view.health} />
              </td>
              <td>
                {view.checkCounts.total > 0 && `${view.checkCounts.passed} of ${view.checkCounts.total}`}
              </td>
              <td>
                <ul className="inline-list">
                  {view.node.edges.map(({ from }) => (
                    <li key={from}>
                      <NodeLink nodeKey={from} view={nodes.get(from)} />
                    </li>
                  ))}
                </ul>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
