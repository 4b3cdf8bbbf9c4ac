// Runs before the first paint: the theme that the visitor chose, if any.
try {
  const theme = localStorage.getItem('fewbits-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is disabled: the system's theme applies.
}
