import { tmpdir } from 'node:os';
import { MillraceError } from '../../../core/errors.ts';
import { openPool } from '../../../project/session/session.ts';
import { plainArguments, runOperation } from '../../../transform/index.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { printError } from '../../terminal/error-output.ts';
import { printJson, printLine } from '../../terminal/output.ts';
import { type DbtFlags, readMap } from './dbt-options.ts';
import { invocationArguments } from './invocation-arguments.ts';
import { runResultsArtifact } from './run-results.ts';
import { openWorkspace, writeArtifact } from './workspace.ts';

export interface OperationFlags extends DbtFlags {
  readonly args?: string;
}

/** `millrace run-operation`: calls a macro, in one transaction of the warehouse. */
export async function runOperationCommand(
  place: { readonly project: string | undefined },
  macro: string,
  flags: OperationFlags,
): Promise<number> {
  const workspace = await openWorkspace(place, flags);
  const { project, transform, invocation } = workspace;
  const given = readMap(flags.args, '--args');
  const pool = openPool(project, tmpdir());
  const startedAtMs = Date.now();
  let failure: MillraceError | undefined;
  try {
    await runOperation(transform, pool.get, {
      macro,
      arguments: given,
      given: { ...plainArguments, command: 'run-operation', invocationId: invocation.id },
      signal: new AbortController().signal,
      log: (message, level) => {
        if (level !== 'debug' && flags.json !== true) printLine(message);
      },
    });
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code === 'macro_missing') throw error;
    failure = error;
  } finally {
    await pool.close();
  }
  const [name = '', packageName = transform.name] = macro.split('.').toReversed();
  const artifact = runResultsArtifact(
    workspace,
    [
      {
        id: `macro.${packageName}.${name}`,
        status: failure ? 'error' : 'success',
        message: failure?.message ?? null,
        failures: failure ? 1 : 0,
        startedAtMs,
        finishedAtMs: Date.now(),
        compiledSql: undefined,
        relation: null,
        response: {},
      },
    ],
    { ...invocationArguments(workspace, 'run-operation'), macro, args: given },
  );
  await writeArtifact(workspace, 'run_results.json', artifact);
  if (failure) printError(failure, flags.json === true);
  else if (flags.json === true) printJson(artifact);
  return failure ? exitCodes.failed : exitCodes.success;
}
