import type { ReactNode } from 'react';
import type { TriggerStatus } from '../../../src/server/contract.ts';
import type { Health } from '../health.ts';
import { Moment } from '../parts/moment.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Section } from './section.tsx';
import { Tick } from './tick.tsx';

const healthOf: Readonly<Record<TriggerStatus['condition'], Health>> = {
  new: { tone: 'off', word: 'Nothing yet' },
  working: { tone: 'good', word: 'Working' },
  failing: { tone: 'bad', word: 'Failing' },
};

export function Triggers({ triggers }: { readonly triggers: readonly TriggerStatus[] }): ReactNode {
  return (
    <Section
      title="Sensors, triggers and webhooks"
      count={triggers.length}
      none="Nothing is watched, and nobody may call. A file under assets/ exports defineSensor, defineTrigger or defineWebhook."
    >
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Kind</th>
          <th scope="col">State</th>
          <th scope="col">Runs</th>
          <th scope="col">Last look</th>
        </tr>
      </thead>
      <tbody>
        {triggers.map((trigger) => (
          <tr key={`${trigger.kind} ${trigger.name}`}>
            <th scope="row">{trigger.name}</th>
            <td className="quiet">{trigger.kind}</td>
            <td>
              <StateBadge health={healthOf[trigger.condition]} />
              {trigger.failures > 1 && <small> {trigger.failures} in a row</small>}
            </td>
            <td>{trigger.selection || 'everything'}</td>
            <td>
              <Tick tick={trigger.lastTick} />
              {trigger.dueAtMs !== undefined && (
                <small className="quiet">
                  {' '}
                  again <Moment atMs={trigger.dueAtMs} />
                </small>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </Section>
  );
}
