import { useSyncExternalStore } from 'react';

export type ThemeChoice = 'system' | 'light' | 'dark';

const storageKey = 'millrace-theme';
const changed = 'millrace-theme-changed';
const systemDark = window.matchMedia('(prefers-color-scheme: dark)');

/** Sets what was chosen before, and follows the system when it was left to it. */
export function applyTheme(): void {
  setAttribute();
  systemDark.addEventListener('change', setAttribute);
}

export function chooseTheme(choice: ThemeChoice): void {
  if (choice === 'system') window.localStorage.removeItem(storageKey);
  else window.localStorage.setItem(storageKey, choice);
  setAttribute();
}

export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore(listen, chosenTheme);
}

/** Light or dark, whoever decided it. */
export function useTheme(): 'light' | 'dark' {
  return useSyncExternalStore(listen, resolvedTheme);
}

function chosenTheme(): ThemeChoice {
  const stored = window.localStorage.getItem(storageKey);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

function resolvedTheme(): 'light' | 'dark' {
  const choice = chosenTheme();
  if (choice !== 'system') return choice;
  return systemDark.matches ? 'dark' : 'light';
}

function setAttribute(): void {
  document.documentElement.dataset['theme'] = resolvedTheme();
  window.dispatchEvent(new Event(changed));
}

function listen(callback: () => void): () => void {
  window.addEventListener(changed, callback);
  return () => window.removeEventListener(changed, callback);
}
