import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { DbtSettings, MadeProfile } from './dbt-settings.ts';

/** Name of the profile that is made of a connection. */
const madeName = 'millrace';

export interface UsedProfile {
  readonly folder: string;
  readonly profile: string | undefined;
  readonly target: string | undefined;
  /** What dbt must find in its environment beside what it gets anyway. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** The `profiles.yml` that dbt is to use. One that is made has no secret in it: those are handed over in the environment. */
export async function useProfile(
  settings: DbtSettings,
  targetName: string,
  make: () => Promise<MadeProfile>,
): Promise<UsedProfile> {
  const { profilesFolder, profile, target } = settings;
  if (profilesFolder !== undefined) return { folder: profilesFolder, profile, target, secrets: {} };
  const { output, secrets } = await make();
  const folder = join(settings.stateFolder, 'dbt');
  await mkdir(folder, { recursive: true });
  const text = stringify({ [madeName]: { target: targetName, outputs: { [targetName]: output } } });
  await writeFile(join(folder, 'profiles.yml'), text);
  return { folder, profile: madeName, target: targetName, secrets };
}
