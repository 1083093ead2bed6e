// `npm test`: installs what it needs, then checks and runs everything.
import { install, run } from './install.mjs';

install();
run('npm', ['run', '--silent', 'format:check']);
run('npm', ['run', '--silent', 'lint']);
run('npm', ['run', '--silent', 'typecheck']);
run('npm', ['run', '--silent', 'unused']);
run('npm', ['run', '--silent', 'build']);
run('npm', ['run', '--silent', 'vitest']);
