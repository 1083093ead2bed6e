import type { Warning } from '../files/mistakes.ts';
import type { ModelNode } from '../manifest/transform-node.ts';
import { dependenciesOf, type ManifestNodes } from './manifest.ts';

/** What is to be said at `nowMs` about models that have a `deprecation_date`, and about those who read them. */
export function deprecationWarnings(
  { byId }: Pick<ManifestNodes, 'byId'>,
  nowMs: number,
): readonly Warning[] {
  const dates = new Map(
    [...byId].flatMap(([id, node]) => {
      const date = node.kind === 'model' ? deprecationDate(node) : undefined;
      return date === undefined ? [] : [[id, date] as const];
    }),
  );
  if (dates.size === 0) return [];
  const past = [...dates].flatMap(([id, date]) => {
    const node = byId.get(id);
    if (node?.kind !== 'model' || Date.parse(date) > nowMs) return [];
    const message = `the model "${titleOf(node)}" was to go by ${date}: remove it, or set a later deprecation_date`;
    return [{ message, origin: node.origin }];
  });
  const readers = [...byId.values()].flatMap((node) =>
    node.kind === 'test'
      ? []
      : dependenciesOf(node).flatMap(({ uniqueId, origin }) => {
          const [date, read] = [dates.get(uniqueId), byId.get(uniqueId)];
          if (date === undefined || read?.kind !== 'model') return [];
          const when = Date.parse(date) > nowMs ? `will go by ${date}` : `was to go by ${date}`;
          return [
            { message: `"${titleOf(read)}", which "${node.name}" reads, ${when}${newer(read)}`, origin },
          ];
        }),
  );
  return [...past, ...readers];
}

/** A model's `deprecation_date`: a time of ISO 8601; one without a time of day is midnight in UTC. */
export function deprecationDate({ details }: Pick<ModelNode, 'details'>): string | undefined {
  const said = details.properties['deprecation_date'];
  if (typeof said !== 'string') return undefined;
  const text = /^\d{4}-\d\d-\d\d$/.test(said) ? `${said}T00:00:00+00:00` : said;
  return Number.isNaN(Date.parse(text)) ? undefined : text;
}

function titleOf({ name, version }: ModelNode): string {
  return version === undefined ? name : `${name}.v${version}`;
}

function newer({ name, version, latestVersion }: ModelNode): string {
  if (version === undefined || latestVersion === undefined || String(version) === String(latestVersion))
    return '';
  return `: ref('${name}', v=${latestVersion}) is newer`;
}
