import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ConditionPart, NodeKey, WhyPayload } from '../../../src/server/contract.ts';
import { whyQuery } from '../api.ts';
import { Tick } from '../automation/tick.tsx';
import { freshnessHealth, type NodeView } from '../health.ts';
import { Moment } from '../parts/moment.tsx';
import { NodeLink } from '../parts/node-link.tsx';
import { StateBadge } from '../parts/state-badge.tsx';

interface WhyProps {
  readonly nodeKey: NodeKey;
  readonly nodes: ReadonlyMap<NodeKey, NodeView>;
}

/** Why a node is as it is, and what makes it by itself. Nothing while there is nothing to say. */
export function Why({ nodeKey, nodes }: WhyProps): ReactNode {
  const { data } = useQuery(whyQuery(nodeKey));
  if (!data) return null;
  const { reasons, behind, schedules, freshness, looks } = data;
  if (reasons.length + behind.length + schedules.length === 0 && !freshness && !looks) return null;
  return (
    <section className="panel why">
      <div className="panel-head">
        <h2>Why it is so</h2>
        <span className="quiet">{data.condition}</span>
      </div>
      {reasons.length > 0 && (
        <ul className="pad">
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      {behind.length > 0 && (
        <>
          <h3 className="pad">Behind it, farthest first</h3>
          <ul className="node-list">
            {behind.map(({ key, reasons: [reason] }) => (
              <li key={key}>
                <NodeLink nodeKey={key} view={nodes.get(key)} />
                {reason !== undefined && <small className="block quiet pad">{reason}</small>}
              </li>
            ))}
          </ul>
        </>
      )}
      <Automation why={data} />
    </section>
  );
}

function Automation({
  why: { freshness, schedules, looks, evaluation },
}: {
  readonly why: WhyPayload;
}): ReactNode {
  if (!freshness && schedules.length === 0 && !looks) return null;
  return (
    <dl className="facts">
      {freshness && (
        <div>
          <dt>Freshness</dt>
          <dd>
            <StateBadge health={freshnessHealth[freshness.condition]} />{' '}
            {freshness.staleAtMs !== undefined && (
              <>
                too old <Moment atMs={freshness.staleAtMs} />
              </>
            )}
          </dd>
        </div>
      )}
      {schedules.map((schedule) => (
        <div key={schedule.name}>
          <dt>{schedule.name}</dt>
          <dd>{schedule.nextAtMs === undefined ? 'not active' : <Moment atMs={schedule.nextAtMs} />}</dd>
        </div>
      ))}
      {looks && (
        <div>
          <dt>Condition</dt>
          <dd>
            <Tick tick={looks[0]} />
            {evaluation && <Parts part={evaluation} />}
          </dd>
        </div>
      )}
    </dl>
  );
}

/** A condition's parts, each with how it came out. */
function Parts({ part }: { readonly part: ConditionPart }): ReactNode {
  return (
    <ul className="condition">
      <li>
        <span className={`tone-${part.isTrue ? 'good' : 'off'}`}>
          <code>{part.isTrue ? 'true' : 'false'}</code>
        </span>{' '}
        {part.condition}
        {part.because && <small className="quiet"> {part.because.join(', ')}</small>}
        {part.parts?.map((inner, index) => (
          <Parts key={index} part={inner} />
        ))}
      </li>
    </ul>
  );
}
