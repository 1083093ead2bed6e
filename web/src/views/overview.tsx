import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ProjectPayload, RunSummary, ScheduleSummary } from '../../../src/server/contract.ts';
import { projectQuery, runsQuery } from '../api.ts';
import { nodeCounts } from '../health.ts';
import { useNodes } from '../node/use-nodes.ts';
import { NodeHealth } from '../overview/node-health.tsx';
import { Attention } from '../overview/attention.tsx';
import { Tiles } from '../overview/tiles.tsx';
import { Workers } from '../overview/workers.tsx';
import { Answer, Empty } from '../parts/answer.tsx';
import { Icon } from '../parts/icon.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { RunButton, RunDialogButton } from '../parts/run-button.tsx';
import { Link, paths } from '../router.tsx';
import { RunStrip } from '../run/run-strip.tsx';
import { RunTable } from '../run/run-table.tsx';

const listedRuns = 5;

export function Overview(): ReactNode {
  const project = useQuery(projectQuery());
  const runs = useQuery(runsQuery());
  const nodes = [...useNodes().values()];
  return (
    <Answer query={project} of="the project">
      {(project) => (
        <>
          <PageHead title={project.name} description={nodeCounts(nodes)}>
            <RunDialogButton selection="" />
            <RunButton selection="" label="Run everything" primary />
          </PageHead>
          <Answer query={runs} of="the runs">
            {({ runs }) => (
              <>
                <Tiles project={project} runs={runs} nodes={nodes} />
                <RecentRuns runs={runs} />
              </>
            )}
          </Answer>
          <Attention nodes={nodes} />
          <div className="two-columns even">
            <NodeHealth nodes={nodes} />
            <div>
              <Reports project={project} />
              <Schedules schedules={project.schedules} />
              <Workers />
            </div>
          </div>
        </>
      )}
    </Answer>
  );
}

function RecentRuns({ runs }: { readonly runs: readonly RunSummary[] }): ReactNode {
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>Recent runs</h2>
        {runs.length > 0 && <Link to="/runs">All runs</Link>}
      </div>
      {runs.length === 0 ? (
        <Empty title="Nothing has run yet">
          <p>
            Press “Run everything”, or on the command line: <code>millrace run</code>
          </p>
        </Empty>
      ) : (
        <>
          <RunStrip runs={runs} />
          <RunTable runs={runs.slice(0, listedRuns)} />
        </>
      )}
    </section>
  );
}

function Reports({ project }: { readonly project: ProjectPayload }): ReactNode {
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>Reports</h2>
      </div>
      {project.reports.length === 0 && (
        <p className="quiet pad">No reports yet: they are Markdown files in reports/.</p>
      )}
      <ul className="link-list">
        {project.reports.map((report) => (
          <li key={report.name}>
            <Link to={paths.report(report.name)}>
              <Icon name="reports" />
              <span>
                <strong>{report.title}</strong>
                <small>{report.description}</small>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Schedules({ schedules }: { readonly schedules: readonly ScheduleSummary[] }): ReactNode {
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>Schedules</h2>
      </div>
      {schedules.length === 0 && <p className="quiet pad">Nothing is scheduled.</p>}
      <ul className="schedules">
        {schedules.map((schedule) => (
          <li key={schedule.name}>
            <Icon name="clock" />
            <span>
              <strong>{schedule.name}</strong>
              <small>
                <code>{schedule.cron}</code> {schedule.timeZone} · {schedule.selection || 'everything'}
              </small>
            </span>
            <span className="quiet">
              {schedule.active && schedule.nextAtMs !== undefined ? (
                <Moment atMs={schedule.nextAtMs} />
              ) : (
                'not active'
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
