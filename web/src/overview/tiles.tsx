import type { ReactNode } from 'react';
import type { ProjectPayload, RunSummary, ScheduleSummary } from '../../../src/server/contract.ts';
import { formatDuration } from '../format.ts';
import { stateHealth, type NodeView, type Tone } from '../health.ts';
import { Moment } from '../parts/moment.tsx';
import { useNowMs } from '../parts/now.ts';
import { StateBadge } from '../parts/state-badge.tsx';
import { Link, paths } from '../router.tsx';
import { isFinished, runDurationMs } from '../run/run-words.ts';

interface TilesProps {
  readonly project: ProjectPayload;
  readonly runs: readonly RunSummary[];
  readonly nodes: readonly NodeView[];
}

/** How things stand, in four figures. */
export function Tiles({ project, runs, nodes }: TilesProps): ReactNode {
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
