import { formatError, toFailure } from '../../core/errors.ts';
import type { Project } from '../../project/reading/project.ts';
import { openSession } from '../../project/session/session.ts';
import { watchProject } from '../../project/session/watch.ts';
import { hookSettings } from '../../project/webhooks/webhook.ts';
import type { ReadingMistake } from '../../server/index.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { giveBackMemory } from './idle-memory.ts';
import { openKeptProject, type Place } from './open-project.ts';
import { serveSession } from './served-session.ts';
import { untilStopped } from '../terminal/until-stopped.ts';
import { paint, printLine } from '../terminal/output.ts';

export interface DevOptions extends Place {
  readonly port: number;
  readonly schedules: boolean;
  readonly json: boolean;
}

/** Serves the page and works off runs and schedules until SIGINT or SIGTERM. */
export async function dev(options: DevOptions): Promise<number> {
  const { project, kept } = await openKeptProject(options);
  const session = await openSession(project);
  let mistake: ReadingMistake | undefined;
  const server = await serveSession(session, options.schedules, { port: options.port }, () => mistake);
  const attempt = await session.engine.start({ address: server.url, schedules: options.schedules });
  if (options.json) printLine(JSON.stringify({ url: server.url, owner: attempt.acquired }));
  else {
    printLine(`${project.definition.name} is at ${server.url}`);
    for (const { name, cron, timeZone } of options.schedules ? project.manifest.schedules : []) {
      printLine(`  schedule ${name}: ${cron} (${timeZone})`);
    }
    for (const line of triggerLines(project, options.schedules)) printLine(line);
    if (!attempt.acquired) {
      printLine(
        `Another millrace (${attempt.holder.owner}) is at work in this project; this one takes over when it ends.`,
      );
    }
    printLine('Stop with Ctrl-C.');
  }
  const stopWatching = watchProject(session, kept, {
    onReload: (next) => printLine(`Read the project again: ${next.graph.nodes.length} nodes`),
    onRead: () => {
      mistake = undefined;
    },
    onMistake: (error) => {
      const failure = error instanceof Error ? toFailure(error) : error;
      mistake = { failure: { ...failure, message: session.redact(failure.message) }, atMs: Date.now() };
      process.stderr.write(`${paint('red', 'error', process.stderr)} ${formatError(error)}\n`);
    },
  });
  for (const message of hookMistakes(project))
    process.stderr.write(`${paint('yellow', 'warning', process.stderr)} ${message}\n`);
  giveBackMemory();
  await untilStopped();
  stopWatching();
  await server.close();
  await session.close();
  return exitCodes.success;
}

function triggerLines({ parts: { triggers }, automation }: Project, areActive: boolean): readonly string[] {
  const sensors = (triggers?.sensors ?? []).map(
    ({ definition }) => `  sensor ${definition.name}: every ${definition.everySeconds ?? 30} s`,
  );
  const runs = (triggers?.triggers ?? []).map(
    ({ definition }) =>
      `  trigger ${definition.name}: after ${definition.on} of ${definition.of || 'everything'}`,
  );
  const hooks = (triggers?.webhooks ?? []).map(({ definition }) => `  webhook /hooks/${definition.name}`);
  const { size } = automation.conditions;
  const conditions = size === 0 ? [] : [`  ${size} node${size === 1 ? '' : 's'} made by conditions`];
  return areActive ? [...sensors, ...runs, ...conditions, ...hooks] : hooks;
}

/** Webhooks that refuse every call, because a secret is not set. */
function hookMistakes({ parts, environment }: Project): readonly string[] {
  return (parts.triggers?.webhooks ?? []).flatMap((webhook) => {
    try {
      hookSettings(webhook, environment);
      return [];
    } catch (error) {
      return [`webhook ${webhook.definition.name}: ${formatError(toFailure(error))}`];
    }
  });
}
