import { join } from 'node:path';
import { configFileName, readConfigFile } from '../../settings/config-file.ts';
import { sendError } from '../isolated-message.ts';
import { filesBelow } from '../../settings/project-files.ts';
import type { TrialMessage } from '../trial-load.ts';
import { importUserModule } from '../../settings/user-modules.ts';

// The process that loads a project's code before anybody relies on it, and ends.

const [, , projectFolder = '.'] = process.argv;

function tell(message: TrialMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

try {
  await tell({ file: configFileName });
  await readConfigFile(projectFolder);
  for (const folder of ['assets', 'connectors']) {
    for (const file of await filesBelow(projectFolder, folder, ['.ts', '.js', '.mjs'])) {
      const isImportedOnly = folder === 'connectors' && file.split('/').length > 2;
      if (isImportedOnly || /\.(test|d)\.ts$/.test(file)) continue;
      await tell({ file });
      await importUserModule(join(projectFolder, file), projectFolder);
    }
  }
  // The last one is not to blame for what a timer of another does.
  process.exit(0);
} catch (error) {
  await tell({ error: sendError(error) });
  process.exit(1);
}
