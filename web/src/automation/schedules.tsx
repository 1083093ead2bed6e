import type { ReactNode } from 'react';
import type { ScheduleStatus } from '../../../src/server/contract.ts';
import { Moment } from '../parts/moment.tsx';
import { Section } from './section.tsx';
import { Tick } from './tick.tsx';

export function Schedules({ schedules }: { readonly schedules: readonly ScheduleStatus[] }): ReactNode {
  return (
    <Section
      title="Schedules"
      count={schedules.length}
      none="Nothing is scheduled. In millrace.config.ts: schedules: [defineSchedule({ name: 'nightly', cron: '0 3 * * *', select: '' })]"
    >
      <thead>
        <tr>
          <th scope="col">Schedule</th>
          <th scope="col">Times</th>
          <th scope="col">Runs</th>
          <th scope="col">Next</th>
          <th scope="col">Last</th>
        </tr>
      </thead>
      <tbody>
        {schedules.map((schedule) => (
          <tr key={schedule.name}>
            <th scope="row">{schedule.name}</th>
            <td>
              <code>{schedule.cron}</code> <span className="quiet">{schedule.timeZone}</span>
            </td>
            <td>{schedule.selection || 'everything'}</td>
            <td>
              {schedule.nextAtMs === undefined ? (
                <span className="quiet">not active</span>
              ) : (
                <Moment atMs={schedule.nextAtMs} />
              )}
            </td>
            <td>
              <Tick tick={schedule.lastTick} />
            </td>
          </tr>
        ))}
      </tbody>
    </Section>
  );
}
