import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { ProjectPayload, RunSummary, ScheduleSummary } from '../../../src/server/contract.ts';
import { projectQuery, runsQuery } from '../api.ts';
import { formatCount, formatDuration, formatQuantity } from '../format.ts';
import { shortName, stateHealth, type NodeView, type Tone } from '../health.ts';
import { useNodes } from '../node/use-nodes.ts';
import { Answer, Empty } from '../parts/answer.tsx';
import { Icon, kindIcon } from '../parts/icon.tsx';
import { Moment } from '../parts/moment.tsx';
import { useNowMs } from '../parts/now.ts';
import { PageHead } from '../parts/page-head.tsx';
import { RunButton, RunDialogButton } from '../parts/run-button.tsx';
import { StateBadge, StateDot } from '../parts/state-badge.tsx';
import { Link, paths } from '../router.tsx';
import { RunStrip } from '../run/run-strip.tsx';
import { RunTable } from '../run/run-table.tsx';
import { isFinished, runDurationMs } from '../run/run-words.ts';

const listedRuns = 5;
const shownPerGroup = 40;

export function Overview(): ReactNode {
  const project = useQuery(projectQuery());
  const runs = useQuery(runsQuery());
  const nodes = [...useNodes().values()];
  return (
    <Answer query={project} of="the project">
      {(project) => (
        <>
          <PageHead
            title={project.name}
            description={`${formatQuantity(countKind(nodes, 'asset'), 'asset')} in one graph`}
          >
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
            <AssetHealth nodes={nodes} />
            <div>
              <Reports project={project} />
              <Schedules schedules={project.schedules} />
            </div>
          </div>
        </>
      )}
    </Answer>
  );
}

function countKind(nodes: readonly NodeView[], kind: string): number {
  return nodes.filter(({ node }) => node.kind === kind).length;
}

interface TilesProps {
  readonly project: ProjectPayload;
  readonly runs: readonly RunSummary[];
  readonly nodes: readonly NodeView[];
}

function Tiles({ project, runs, nodes }: TilesProps): ReactNode {
  const assets = nodes.filter(({ node }) => node.kind === 'asset' && node.runnable);
  const checks = nodes.filter(({ node }) => node.kind === 'check');
  const good = (views: readonly NodeView[]): number =>
    views.filter(({ health }) => health.tone === 'good').length;
  return (
    <ul className="tiles">
      <Tile name="Last run">
        <LastRun run={runs[0]} />
      </Tile>
      <Tile name="Assets in order" tone={worstTone(assets)}>
        <Share part={good(assets)} whole={assets.length} />
      </Tile>
      <Tile name="Checks passed" tone={worstTone(checks)}>
        <Share part={good(checks)} whole={checks.length} />
      </Tile>
      <Tile name="Next scheduled run">
        <NextRun schedules={project.schedules} />
      </Tile>
    </ul>
  );
}

function Tile({
  name,
  tone,
  children,
}: {
  readonly name: string;
  readonly tone?: Tone;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <li className={`tile${tone ? ` tone-${tone}` : ''}`}>
      <span className="tile-name">{name}</span>
      <span className="tile-value">{children}</span>
    </li>
  );
}

function worstTone(views: readonly NodeView[]): Tone {
  const tones = new Set(views.map(({ health }) => health.tone));
  return (['bad', 'warn', 'busy', 'good'] as const).find((tone) => tones.has(tone)) ?? 'off';
}

function Share({ part, whole }: { readonly part: number; readonly whole: number }): ReactNode {
  return (
    <>
      {part}
      <small> of {whole}</small>
    </>
  );
}

function LastRun({ run }: { readonly run: RunSummary | undefined }): ReactNode {
  const nowMs = useNowMs(run && !isFinished(run.state) ? 500 : 0);
  if (!run) return <small>none yet</small>;
  const durationMs = runDurationMs(run, nowMs);
  return (
    <Link to={paths.run(run.id)} className="tile-link">
      <StateBadge health={stateHealth(run.state)} />
      {durationMs !== undefined && <small>{formatDuration(durationMs)}</small>}
    </Link>
  );
}

function NextRun({ schedules }: { readonly schedules: readonly ScheduleSummary[] }): ReactNode {
  const times = schedules.flatMap((schedule) => (schedule.active ? (schedule.nextAtMs ?? []) : []));
  if (times.length === 0) return <small>none</small>;
  return <Moment atMs={Math.min(...times)} />;
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

/** What somebody should look at; nothing when all is well. */
function Attention({ nodes }: { readonly nodes: readonly NodeView[] }): ReactNode {
  const troubled = nodes.filter(
    ({ health, checkCounts, status }) =>
      (health.tone === 'bad' || health.tone === 'warn') &&
      (checkCounts.total === 0 || status.state === 'failed'),
  );
  if (troubled.length === 0) return null;
  return (
    <section className="panel attention">
      <div className="panel-head">
        <h2>Needs attention</h2>
        <span className="quiet">{troubled.length}</span>
      </div>
      <ul>
        {troubled.map(({ node, health, status }) => (
          <li key={node.key}>
            <StateBadge health={health} />
            <Link to={paths.node(node.key)}>{node.key}</Link>
            <span>{status.failure?.message ?? status.check?.message}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function AssetHealth({ nodes }: { readonly nodes: readonly NodeView[] }): ReactNode {
  const groups = Map.groupBy(
    nodes.filter(({ node }) => node.kind === 'asset'),
    ({ node }) => node.group,
  );
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>Assets</h2>
        <Link to="/graph">Graph</Link>
      </div>
      {groups.size === 0 && <Empty title="No assets yet" />}
      <dl className="asset-groups">
        {[...groups].map(([group, views]) => (
          <div key={group}>
            <dt>{group}</dt>
            <dd>
              <ul>
                {views.slice(0, shownPerGroup).map(({ node, health }) => (
                  <li key={node.key}>
                    <Link
                      to={paths.node(node.key)}
                      className={`asset-chip tone-${health.tone}`}
                      title={node.key}
                    >
                      <Icon name={kindIcon(node)} size={13} />
                      <span>{shortName(node.key)}</span>
                      <StateDot health={health} />
                    </Link>
                  </li>
                ))}
                {views.length > shownPerGroup && (
                  <li>
                    <Link to="/graph">and {formatCount(views.length - shownPerGroup)} more</Link>
                  </li>
                )}
              </ul>
            </dd>
          </div>
        ))}
      </dl>
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
