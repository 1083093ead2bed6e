import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineTask, type TaskDefinition } from 'millrace';
import { openShop, regions } from '../shops/open-shop.ts';

/** Stands for databases that in earnest are there already. */
const openShops: TaskDefinition = defineTask({
  key: 'open_shops',
  description: 'Makes the databases of the shops',
  before: ['raw_eu/main_all', 'raw_us/main_all'],
  run: async () => {
    const folder = join(import.meta.dirname, '..', '.millrace');
    mkdirSync(folder, { recursive: true });
    for (const region of regions) openShop(join(folder, `${region}.db`), region);
    return {};
  },
});

export default openShops;
