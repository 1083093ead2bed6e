import type { ReactNode } from 'react';
import type { AutomationPayload, NodeKey } from '../../../src/server/contract.ts';
import { freshnessHealth, type NodeView } from '../health.ts';
import { Moment } from '../parts/moment.tsx';
import { NodeLink } from '../parts/node-link.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Section } from './section.tsx';
import { Tick } from './tick.tsx';

interface NodesProps {
  readonly automation: AutomationPayload;
  readonly nodes: ReadonlyMap<NodeKey, NodeView>;
}

/** Nodes that are made as soon as something is true. */
export function Conditions({ automation: { conditions }, nodes }: NodesProps): ReactNode {
  return (
    <Section
      title="Conditions"
      count={conditions.length}
      none="No node is made by itself. In millrace.config.ts: automation: [{ select: 'kind:model', when: eager() }]"
    >
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col">Last look</th>
        </tr>
      </thead>
      <tbody>
        {conditions.map(({ key, lastTick }) => (
          <tr key={key}>
            <th scope="row">
              <NodeLink nodeKey={key} view={nodes.get(key)} />
            </th>
            <td>
              <Tick tick={lastTick} />
            </td>
          </tr>
        ))}
      </tbody>
    </Section>
  );
}

/** Nodes of which somebody expects that they are not too old. */
export function Ages({ automation: { freshness }, nodes }: NodesProps): ReactNode {
  return (
    <Section
      title="Freshness"
      count={freshness.length}
      none="Nothing is expected of the age of nodes. In millrace.config.ts: freshness: [{ select: 'kind:model', maxAge: '6h' }]"
    >
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col">State</th>
          <th scope="col">Too old from</th>
        </tr>
      </thead>
      <tbody>
        {freshness.map(({ key, condition, staleAtMs }) => (
          <tr key={key}>
            <th scope="row">
              <NodeLink nodeKey={key} view={nodes.get(key)} />
            </th>
            <td>
              <StateBadge health={freshnessHealth[condition]} />
            </td>
            <td>{staleAtMs !== undefined && <Moment atMs={staleAtMs} />}</td>
          </tr>
        ))}
      </tbody>
    </Section>
  );
}
