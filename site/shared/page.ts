// The behaviour of every page: the theme, and the list of pages on a narrow screen.

const html = document.documentElement;
const dark = matchMedia('(prefers-color-scheme: dark)');

export const isDark = () => (html.dataset.theme ? html.dataset.theme === 'dark' : dark.matches);

/** Calls `listener` whenever the colours change. */
export function onThemeChange(listener: () => void): void {
  dark.addEventListener('change', listener);
  themeChange.addEventListener('change', listener);
}

const themeChange = new EventTarget();

function themeButton(): void {
  const button = document.getElementById('theme') as HTMLButtonElement;
  const show = () => {
    button.textContent = isDark() ? 'Light' : 'Dark';
    button.setAttribute('aria-label', isDark() ? 'Light theme' : 'Dark theme');
  };
  button.addEventListener('click', () => {
    const theme = isDark() ? 'light' : 'dark';
    html.dataset.theme = theme;
    try {
      localStorage.setItem('fewbits-theme', theme);
    } catch {
      // Without storage the choice applies to this page only.
    }
    themeChange.dispatchEvent(new Event('change'));
  });
  onThemeChange(show);
  show();
}

function menuButton(): void {
  const button = document.getElementById('menu') as HTMLButtonElement;
  const nav = document.getElementById('nav') as HTMLElement;
  const open = (shown: boolean) => {
    nav.hidden = !shown;
    button.setAttribute('aria-expanded', String(shown));
  };
  button.addEventListener('click', () => open(nav.hidden === true));
  nav.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && button.offsetParent) {
      open(false);
      button.focus();
    }
  });
  open(false);
}

/** Makes code that is wider than the screen scrollable with the keyboard. */
function scrollableCode(): void {
  for (const pre of document.querySelectorAll('pre')) {
    pre.tabIndex = 0;
    pre.setAttribute('aria-label', pre.dataset.label ?? 'Code');
    pre.setAttribute('role', 'region');
  }
}

themeButton();
menuButton();
scrollableCode();
