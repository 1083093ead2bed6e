import { fileURLToPath } from 'node:url';

/** The folder of Millrace itself, which holds its page and its templates. Built files lie as deep as this one. */
export const packageFolder: string = fileURLToPath(new URL('../../../', import.meta.url));
