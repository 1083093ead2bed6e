import type { ReactNode } from 'react';
import { chooseTheme, useThemeChoice, type ThemeChoice } from '../theme.ts';
import { Icon, type IconName } from './icon.tsx';

const choices: readonly { readonly choice: ThemeChoice; readonly name: string; readonly icon: IconName }[] = [
  { choice: 'light', name: 'Light', icon: 'sun' },
  { choice: 'system', name: 'As the system', icon: 'system' },
  { choice: 'dark', name: 'Dark', icon: 'moon' },
];

export function ThemeSwitch(): ReactNode {
  const chosen = useThemeChoice();
  return (
    <div className="segments" role="group" aria-label="Colours">
      {choices.map(({ choice, name, icon }) => (
        <button
          key={choice}
          type="button"
          aria-pressed={choice === chosen}
          aria-label={name}
          title={name}
          onClick={() => chooseTheme(choice)}
        >
          <Icon name={icon} size={14} />
        </button>
      ))}
    </div>
  );
}
