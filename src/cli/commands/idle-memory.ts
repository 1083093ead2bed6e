import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const afterMilliseconds = 3000;

/**
 * Reading a project leaves garbage that an idle process would keep for hours, because it does nothing that makes V8 look for
 * it. Collected once after the start, a process with 100 sensors is 50 MB smaller. Does not keep the process alive.
 */
export function giveBackMemory(): void {
  setTimeout(() => {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  }, afterMilliseconds).unref();
}
