import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startCrm, type CrmSettings } from './crm.ts';

const defaultFile = fileURLToPath(new URL('../.millrace/crm.db', import.meta.url));

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: process.env['CRM_PORT'] ?? '4010' },
    file: { type: 'string', default: process.env['CRM_FILE'] ?? defaultFile },
    'limit-every': { type: 'string', default: process.env['CRM_LIMIT_EVERY'] ?? '0' },
    'fail-every': { type: 'string', default: process.env['CRM_FAIL_EVERY'] ?? '0' },
  },
});

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (text !== '' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${option} must be a whole number; found "${text}"`);
}

const settings: CrmSettings = {
  port: wholeNumber('port', values.port),
  file: values.file,
  limitEvery: wholeNumber('limit-every', values['limit-every']),
  failEvery: wholeNumber('fail-every', values['fail-every']),
};

try {
  const crm = await startCrm(settings);
  process.stdout.write(`CRM listens on ${crm.url}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void crm.close();
    });
  }
} catch (error) {
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
  process.stderr.write(`Port ${settings.port} is taken; is a CRM running already? Choose another: --port\n`);
  process.exitCode = 1;
}
