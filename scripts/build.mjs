// `npm run build`: compiles src/ to dist/ and the page to dist/web/.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './install.mjs';

rmSync(join(root, 'dist'), { recursive: true, force: true });
run('tsc', ['-p', 'tsconfig.build.json']);
run('vite', ['build', 'web', '--logLevel', 'warn']);
