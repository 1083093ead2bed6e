import { ConfigError } from '../../core/errors.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { parseTemplate, TemplateError } from '../jinja/index.ts';
import type { ConfigEntries } from '../manifest/config-layer.ts';
import { contractOf } from '../manifest/contract.ts';
import type { NodeConfig } from '../manifest/node-config.ts';
import type { ModelNode } from '../manifest/transform-node.ts';
import type { PlacedProperties } from './property-reader.ts';

/** What a model promises must be told in full before it is built. */
export function checkContract(
  node: ModelNode,
  placed: PlacedProperties | undefined,
  mistakes: Mistakes,
): void {
  try {
    contractOf(node);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const origin = placed?.yaml.locate([...placed.properties.path, 'name']) ?? node.origin;
    mistakes.add(error.message, { code: error.code, origin });
  }
}

/** Hooks are rendered when they run; that they can be read is known before. */
export function checkHooks(
  entries: ConfigEntries,
  config: NodeConfig,
  file: string,
  mistakes: Mistakes,
): void {
  const written = [
    [config.preHooks, entries.get('pre_hook')],
    [config.postHooks, entries.get('post_hook')],
  ] as const;
  for (const [hooks, entry] of written) {
    for (const { sql } of hooks) {
      try {
        parseTemplate(sql, file);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        const origin = entry?.origin ?? { file };
        mistakes.add(`a hook cannot be read: ${error.summary}`, { code: error.code, origin });
      }
    }
  }
}
