// "Tell me on this device": finds out how things stand here, says so with the page's own sentences, and asks the browser.

const notices = document.getElementById("notices");
const form = notices.querySelector("[data-begin]");
const PATIENCE_MS = 20000;

function say(what) {
  for (const one of notices.querySelectorAll("[data-said]")) {
    one.hidden = one.dataset.said !== what;
    if (!one.hidden) {
      form.hidden = !("button" in one.dataset);
    }
  }
}

// The row of this browser in the person's list. The page knows addresses only by their hash: an address is a capability.
async function ownRow() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  if (!subscription) {
    return null;
  }
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(subscription.endpoint));
  const mark = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return notices.querySelector(`[data-mark="${mark}"]`);
}

async function look() {
  if (!window.isSecureContext) {
    return say("insecure");
  }
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    return say("missing");
  }
  const row = await ownRow();
  for (const one of row?.querySelectorAll("[data-here], [data-there]") ?? []) {
    one.hidden = "there" in one.dataset;
  }
  return say(Notification.permission === "denied" ? "blocked" : row ? "on" : "off");
}

// What the work answers, or the name of the sentence that says what to do about its failure.
async function step(trouble, work) {
  let alarm;
  const late = new Promise((_, reject) => {
    alarm = setTimeout(reject, PATIENCE_MS); // a browser that cannot reach its service may wait for ever
  });
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    throw error?.name === "NotAllowedError" ? "blocked" : trouble;
  } finally {
    clearTimeout(alarm);
  }
}

async function serverKey() {
  const answer = await step("offline", () => fetch(notices.dataset.key));
  if (answer.status === 401) {
    throw "signed-out";
  }
  if (!answer.ok) {
    throw "no-key";
  }
  return (await step("no-key", () => answer.json())).public_key;
}

async function worker() {
  await navigator.serviceWorker.register(notices.dataset.worker, { scope: "/" });
  return navigator.serviceWorker.ready;
}

async function subscribe(manager, key) {
  const wanted = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await manager.subscribe(wanted);
  } catch (error) {
    if (error.name !== "InvalidStateError") {
      throw error;
    }
    const bound = await manager.getSubscription(); // to a key that this server no longer has
    await bound?.unsubscribe();
    return manager.subscribe(wanted);
  }
}

// The question comes first: some browsers allow it only at once after the click.
async function begin() {
  const answer = await Notification.requestPermission();
  if (answer !== "granted") {
    throw answer === "denied" ? "blocked" : "unanswered";
  }
  const key = await serverKey();
  const registration = await step("no-worker", worker);
  const subscription = await step("no-service", () => subscribe(registration.pushManager, key));
  const { endpoint, keys } = subscription.toJSON();
  for (const [name, value] of Object.entries({ endpoint, p256dh: keys.p256dh, auth: keys.auth })) {
    form.elements[name].value = value;
  }
  form.submit();
}

let busy = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (busy) {
    return;
  }
  busy = true;
  say("waiting");
  try {
    await begin();
  } catch (trouble) {
    say(typeof trouble === "string" ? trouble : "no-service");
    busy = false;
  }
});

// A notice was clicked while this page was open. What somebody is writing must not be lost.
navigator.serviceWorker?.addEventListener("message", () => {
  if (document.querySelector("main details[open]")) {
    document.getElementById("news").hidden = false;
  } else {
    location.assign(notices.dataset.list);
  }
});

look().catch(() => say("missing"));
notices.hidden = false;
