import { Worker } from 'node:worker_threads';

/** The step's process has the engine's beats on this descriptor. */
export const lifelineDescriptor = 4;

export const beatMilliseconds = 1000;

/** Half of an engine's usual lease: who takes its run over finds the step's process gone. */
const mostMissedBeats = 15;

/**
 * Ends this process, and what it has started, once its engine has ended or was silent for long. In a thread of its own, as
 * the step may keep the main one busy. Beats are counted, not timed, so that a machine that slept harms nothing.
 */
export function watchLifeline(): void {
  const code = `
    const { Socket } = require('node:net');
    const end = () => {
      try { process.kill(-process.pid, 'SIGKILL'); } catch { process.kill(process.pid, 'SIGKILL'); }
    };
    let missed = 0;
    const line = new Socket({ fd: ${lifelineDescriptor}, readable: true, writable: false });
    line.on('data', () => { missed = 0; });
    for (const event of ['end', 'close', 'error']) line.on(event, end);
    setInterval(() => { missed += 1; if (missed > ${mostMissedBeats}) end(); }, ${beatMilliseconds});
  `;
  new Worker(code, { eval: true }).unref();
}
