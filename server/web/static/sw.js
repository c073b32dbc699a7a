// Shows a notice whether or not a page is open, and opens the page that it speaks of. It knows no secret and fetches nothing.

const LIST = "/follow-up/work-list";

// The sender's fields are title, body, url and tag. A browser that is sent a message must show something, so a broken one is
// shown as well, under one tag.
function read(message) {
  try {
    return Object(message.json());
  } catch {
    return {};
  }
}

function words(text, otherwise) {
  return typeof text === "string" && text.trim() ? text : otherwise;
}

// Always a page of this server, at the address under which this browser knows it, which need not be PUBLIC_URL.
function pageOf(url) {
  const page = new URL(LIST, self.location.origin);
  try {
    const named = new URL(words(url, LIST), self.location.origin);
    page.pathname = named.pathname;
    page.search = named.search;
  } catch {
    // not an address: the work list
  }
  return page.href;
}

async function show(href) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const shown = windows.find((one) => new URL(one.url).pathname === new URL(href).pathname);
  if (!shown) {
    return self.clients.openWindow(href);
  }
  shown.postMessage("news"); // the page may be hours old
  return shown.focus();
}

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("push", (event) => {
  const given = read(event.data);
  const shown = {
    body: words(given.body, "Open the work list."),
    tag: words(given.tag, "graftlog"),
    data: pageOf(given.url),
  };
  event.waitUntil(self.registration.showNotification(words(given.title, "Graftlog"), shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(words(event.notification.data, pageOf(LIST))));
});
