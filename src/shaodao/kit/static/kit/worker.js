// Registers the service worker the site serves at its root, where the connection allows one.

/** Register it after the page has loaded, so that it does not compete with it. */
export function register() {
  if (!("serviceWorker" in navigator) || !window.isSecureContext) return;
  const url = document.documentElement.dataset.serviceWorker;
  const start = () => navigator.serviceWorker.register(url).catch((error) => console.error(error));
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
}
