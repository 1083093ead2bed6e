import { ConfigError } from '../../core/errors.ts';
import type { ProjectScope } from '../context/render-scope.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { didYouMean } from '../files/suggestion.ts';
import { type RenderContext, type RenderOptions, TemplateError } from '../jinja/index.ts';
import type { RecordedCalls } from './recorded-calls.ts';

const missingName = /^'(\w+)' is undefined$|^A value of type 'PackageMacros' has no attribute '(\w+)'$/;

interface Reading {
  readonly room: { readonly scope: ProjectScope; readonly mistakes: Mistakes };
  readonly calls: RecordedCalls;
  readonly context: RenderContext;
}

/**
 * Renders while a project is read. First strictly, so that a function nobody defines is found here and not in the middle
 * of a run; where the project tolerates it, that is a warning and the node fails when it runs. What fails because there is no warehouse to ask (`run_query(...).columns`) is rendered again as dbt does it:
 * whatever hangs on a missing value is missing too.
 */
export function readingPass<T>({ room, calls, context }: Reading, work: (options: RenderOptions) => T): T {
  try {
    return work({});
  } catch (error) {
    if (!(error instanceof TemplateError) || error.code !== 'template_undefined') throw error;
    const [, bare, ofPackage] = missingName.exec(error.summary) ?? [];
    const name = bare ?? ofPackage;
    if (name !== undefined) {
      const unknown = unknownName(name, error, context);
      if (!room.scope.toleratesUndefined) throw unknown;
      const [message = unknown.message] = unknown.message.split('\n');
      room.mistakes.warnings.push({ message, origin: unknown.origin ?? error.origin ?? { file: '' } });
    }
    calls.refs.length = 0;
    calls.sources.length = 0;
    calls.configs.length = 0;
    calls.metrics.length = 0;
    return work({ lenientUndefined: true });
  }
}

function unknownName(name: string, error: TemplateError, context: RenderContext): ConfigError {
  const known = context.names?.() ?? [];
  return new ConfigError(`${error.message}${didYouMean(name, known)}`, {
    code: 'template_undefined',
    ...(error.origin ? { origin: error.origin } : {}),
    next: 'Define it under macros/, or name the package that has it in packages.yml.',
    cause: error,
  });
}
