import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ColumnDoc, NodeKey, NodePayload } from '../../../src/server/contract.ts';
import { nodeQuery } from '../api.ts';
import { formatCount, formatDuration } from '../format.ts';
import { kindWord, type NodeView } from '../health.ts';
import { CheckList } from '../node/check-list.tsx';
import { Partitions } from '../node/partitions.tsx';
import { RowHistory } from '../node/row-history.tsx';
import { Sample } from '../node/sample.tsx';
import { Why } from '../node/why.tsx';
import { useNodes } from '../node/use-nodes.ts';
import { Answer } from '../parts/answer.tsx';
import { FailureBlock, originText } from '../parts/failure-block.tsx';
import { Icon, kindIcon } from '../parts/icon.tsx';
import { Moment } from '../parts/moment.tsx';
import { NodeLink } from '../parts/node-link.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RunButton } from '../parts/run-button.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Link, paths } from '../router.tsx';
import { shortRunId } from '../run/run-words.ts';

export function NodePage({ nodeKey }: { readonly nodeKey: NodeKey }): ReactNode {
  const query = useQuery(nodeQuery(nodeKey));
  const nodes = useNodes();
  return (
    <Answer query={query} of={nodeKey}>
      {(node) => <Node node={node} nodes={nodes} />}
    </Answer>
  );
}

interface NodeProps {
  readonly node: NodePayload;
  readonly nodes: ReadonlyMap<NodeKey, NodeView>;
}

function Node({ node, nodes }: NodeProps): ReactNode {
  const view = nodes.get(node.key);
  const checks = node.checks.flatMap((key) => nodes.get(key) ?? []);
  return (
    <>
      <PageHead
        title={node.key}
        kicker={
          <>
            <Icon name={kindIcon(node)} size={14} />
            {kindWord(node)}
            {view && <StateBadge health={view.health} />}
          </>
        }
        description={node.description || undefined}
      >
        {node.runnable && (
          <>
            <RunButton selection={`${node.key}+`} label="Run with downstream" />
            <RunButton selection={node.key} label="Run this" primary />
          </>
        )}
      </PageHead>
      {view?.status.state === 'failed' && view.status.failure && (
        <FailureBlock failure={view.status.failure} title="Why the last run failed" />
      )}
      <div className="two-columns">
        <div>
          {node.hasPartitions && <Partitions nodeKey={node.key} />}
          <RowHistory history={node.history} />
          {node.columns.length > 0 && <Columns columns={node.columns} />}
          {node.relation && <Sample nodeKey={node.key} />}
        </div>
        <div>
          <Facts node={node} view={view} />
          <Why nodeKey={node.key} nodes={nodes} />
          {node.kind === 'asset' && (
            <section className="panel">
              <div className="panel-head">
                <h2>Checks</h2>
              </div>
              {checks.length > 0 ? (
                <CheckList checks={checks} />
              ) : (
                <p className="quiet pad">Nothing is checked here.</p>
              )}
            </section>
          )}
          <Neighbours title="Upstream" keys={node.upstream} nodes={nodes} none="It reads nothing else." />
          <Neighbours title="Downstream" keys={node.downstream} nodes={nodes} none="Nothing reads it." />
        </div>
      </div>
    </>
  );
}

function Columns({ columns }: { readonly columns: readonly ColumnDoc[] }): ReactNode {
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>Columns</h2>
        <span className="quiet">{columns.length}</span>
      </div>
      <div className="table-scroll">
        <table>
          <caption className="unseen">Columns</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Type</th>
              <th scope="col">Description</th>
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => (
              <tr key={column.name}>
                <th scope="row">
                  <code>{column.name}</code>
                </th>
                <td className="quiet">{column.dataType}</td>
                <td>{column.description}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Facts({
  node,
  view,
}: {
  readonly node: NodePayload;
  readonly view: NodeView | undefined;
}): ReactNode {
  const status = view?.status;
  const relation = node.relation;
  return (
    <section className="panel" aria-label="Facts">
      <dl className="facts">
        {status?.succeededAtMs !== undefined && (
          <Fact name="Last success">
            <Moment atMs={status.succeededAtMs} />
          </Fact>
        )}
        {status?.runId !== undefined && (
          <Fact name="Last run">
            <Link to={paths.run(status.runId)}>{shortRunId(status.runId)}</Link>
          </Fact>
        )}
        {status?.rows !== undefined && <Fact name="Rows">{formatCount(status.rows)}</Fact>}
        {status?.durationMs !== undefined && <Fact name="Took">{formatDuration(status.durationMs)}</Fact>}
        {relation && (
          <Fact name="Relation">
            <code>{`${relation.schema}.${relation.name}`}</code> in {relation.connection}
          </Fact>
        )}
        {node.check && (
          <Fact name="Tests">
            <Link to={paths.node(node.check.asset)}>{node.check.asset}</Link>
          </Fact>
        )}
        <Fact name="Group">{node.group}</Fact>
        {node.tags.length > 0 && <Fact name="Tags">{node.tags.join(', ')}</Fact>}
        <Fact name="Defined in">
          <code>{originText(node.origin)}</code>
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface NeighboursProps {
  readonly title: string;
  readonly keys: readonly NodeKey[];
  readonly nodes: ReadonlyMap<NodeKey, NodeView>;
  readonly none: string;
}

function Neighbours({ title, keys, nodes, none }: NeighboursProps): ReactNode {
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{title}</h2>
        {keys.length > 0 && <span className="quiet">{keys.length}</span>}
      </div>
      {keys.length === 0 && <p className="quiet pad">{none}</p>}
      <ul className="node-list">
        {keys.map((key) => (
          <li key={key}>
            <NodeLink nodeKey={key} view={nodes.get(key)} />
          </li>
        ))}
      </ul>
    </section>
  );
}
