import { plainText } from '../../../transform/index.ts';
import { resolve } from 'node:path';
import { ConfigError } from '../../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../../core/json.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { printLine } from '../../terminal/output.ts';
import { buildSelected, executingCommands, type ExecutingCommand } from './build.ts';
import type { DbtFlags } from './dbt-options.ts';
import { statusesOf } from './selected.ts';
import { currentManifest, openWorkspace, readArtifact } from './workspace.ts';

const retried = new Set(['error', 'fail', 'skipped', 'runtime error', 'partial success']);

/** `millrace retry`: what went wrong or was skipped in the last run, with that run's flags. */
export async function retryCommand(
  place: { readonly project: string | undefined },
  flags: DbtFlags,
): Promise<number> {
  const here = await openWorkspace(place, flags);
  const folder = flags.state === undefined ? here.targetFolder : resolve(flags.state);
  const results = await readArtifact(folder, 'run_results.json');
  if (!results) {
    throw new ConfigError(`there is no run_results.json in ${folder}`, {
      code: 'state_missing',
      next: 'Run a command first, such as: millrace build',
    });
  }
  const before = (results['args'] ?? {}) as JsonObject;
  const command = commandOf(before);
  const { state: _state, ...given } = flags;
  const workspace = await openWorkspace(place, { ...flagsOf(before), ...given });
  const known = workspace.transform.manifest.byId;
  const ids = [...statusesOf(results)]
    .filter(([id, status]) => retried.has(status) && known.has(id))
    .map(([id]) => id);
  if (ids.length === 0) {
    printLine('Nothing to do: everything of the last run went well.');
    return exitCodes.success;
  }
  return await buildSelected(workspace, command, {
    manifest: currentManifest(workspace),
    selectors: {},
    ids,
    warnings: [],
    previous: undefined,
  });
}

function commandOf(before: JsonObject): ExecutingCommand {
  const which = before['which'];
  const known = Object.keys(executingCommands).find((command) => command === which);
  if (known !== undefined) return known as ExecutingCommand;
  throw new ConfigError(`the last run was "${plainText(which)}", which cannot be retried`, {
    code: 'retry_impossible',
    next: `Only ${Object.keys(executingCommands).join(', ')} can.`,
  });
}

/** The flags of the run before that still count. */
function flagsOf(before: JsonObject): DbtFlags {
  const text = (key: string): string | undefined =>
    typeof before[key] === 'string' ? before[key] : undefined;
  const flag = (key: string): boolean => before[key] === true;
  const vars: JsonValue | undefined = before['vars'];
  const flags = {
    vars: vars === undefined ? undefined : JSON.stringify(vars),
    target: text('target'),
    profile: text('profile'),
    profilesDir: text('profiles_dir'),
    targetPath: text('target_path'),
    threads: typeof before['threads'] === 'number' ? before['threads'] : undefined,
  };
  return {
    ...(Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) as DbtFlags),
    ...(flag('full_refresh') ? { fullRefresh: true } : {}),
    ...(flag('fail_fast') ? { failFast: true } : {}),
    ...(flag('empty') ? { empty: true } : {}),
    ...(text('sample') === undefined ? {} : { sample: text('sample') ?? '' }),
    ...(flag('store_failures') ? { storeFailures: true } : {}),
  };
}
