import type { JsonObject } from '../../../core/json.ts';
import { words } from './dbt-options.ts';
import type { Workspace } from './workspace.ts';

/** `args` of `run_results.json`: what the command was called with, for `retry` and for people. */
export function invocationArguments(workspace: Workspace, command: string): JsonObject {
  const { flags, root, vars } = workspace;
  const text = (value: string | undefined): string | null => value ?? null;
  return {
    which: command,
    project_dir: root,
    profiles_dir: text(flags.profilesDir),
    profile: text(flags.profile),
    target: text(flags.target),
    target_path: text(flags.targetPath),
    vars,
    select: [...words(flags.select), ...words(flags.models)],
    exclude: [...words(flags.exclude)],
    selector: text(flags.selector),
    resource_types: [...words(flags.resourceType)],
    exclude_resource_types: [...words(flags.excludeResourceType)],
    indirect_selection: flags.indirectSelection ?? 'eager',
    full_refresh: flags.fullRefresh ?? false,
    fail_fast: flags.failFast ?? false,
    threads: flags.threads ?? null,
    defer: flags.defer ?? false,
    state: text(flags.state),
    favor_state: flags.favorState ?? false,
    empty: flags.empty ?? false,
    store_failures: flags.storeFailures ?? false,
    ...(flags.sample === undefined ? {} : { sample: flags.sample }),
    event_time_start: text(flags.eventTimeStart),
    event_time_end: text(flags.eventTimeEnd),
    warn_error: flags.warnError ?? false,
    invocation_command: `millrace ${process.argv.slice(2).join(' ')}`,
  };
}
