import { plainText } from '../../../transform/index.ts';
import { tmpdir } from 'node:os';
import { MillraceError, ProjectError } from '../../../core/errors.ts';
import { openPool } from '../../../project/session/session.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { paint, printJson, printLine } from '../../terminal/output.ts';
import type { DbtFlags } from './dbt-options.ts';
import { openWorkspace } from './workspace.ts';

interface Finding {
  readonly what: string;
  readonly found: string;
  readonly isGood: boolean;
}

/** `millrace debug`: whether the project can be read and its warehouse be reached. */
export async function debugCommand(
  place: { readonly project: string | undefined },
  flags: DbtFlags,
): Promise<number> {
  const findings: Finding[] = [{ what: 'node', found: process.version, isGood: true }];
  try {
    const workspace = await openWorkspace(place, flags);
    const { transform, project, root } = workspace;
    findings.push(
      { what: 'dbt project', found: `${transform.name} in ${root}`, isGood: true },
      {
        what: 'target',
        found: `${plainText(transform.manifest.scope.target['name'])} (${transform.dialectName})`,
        isGood: true,
      },
      { what: 'schema', found: transform.manifest.scope.targetSchema, isGood: true },
    );
    const pool = openPool(project, tmpdir());
    try {
      const connection = await pool.get(transform.connection);
      findings.push({
        what: `connection ${transform.connection}`,
        found: await connection.check(AbortSignal.timeout(15_000)),
        isGood: true,
      });
    } finally {
      await pool.close();
    }
  } catch (error) {
    if (!(error instanceof MillraceError) && !(error instanceof ProjectError)) throw error;
    findings.push({ what: 'error', found: error.message, isGood: false });
  }
  if (flags.json === true) printJson(findings);
  else {
    for (const { what, found, isGood } of findings) {
      printLine(`${isGood ? paint('green', '✓') : paint('red', '✗')} ${what}: ${found}`);
    }
  }
  return findings.every(({ isGood }) => isGood) ? exitCodes.success : exitCodes.failed;
}
