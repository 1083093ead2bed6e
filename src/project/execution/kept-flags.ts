/** The flags of this process that matter to another one for finding and running code. */
export function keptFlags(): readonly string[] {
  return process.execArgv.filter((flag) =>
    /^--(conditions=|import=|use-|tls-|enable-source-maps|no-warnings|disable-warning)/.test(flag),
  );
}
