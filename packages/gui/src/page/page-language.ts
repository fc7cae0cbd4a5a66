// uPlot makes a number format of the browser's language when it is loaded. A Chromium started without a locale (LANG=C, as on a console or in
// a container) calls its language "en-US@posix", which Intl refuses: the page would stay empty. So this module is imported before all others.
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US' });
}
