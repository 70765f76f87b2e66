// Listens to one job. The browser reconnects by itself after a lost connection and says which event it had last; what
// it gives up on (a refusal, or a job that is over) comes back here.

const KINDS = ["state", "progress", "metric", "log", "checkpoint", "analysis", "warning", "end"];
const PATIENCE_MILLISECONDS = 3000;

/**
 * Follows the job until its end or `close()`. `onEvent(kind, data)` gets every event once, from the first there is;
 * `onLink(connected)` says whether the page is live. `isOver()` tells (a promise) whether nothing more will come.
 */
export function followJob(api, id, {onEvent, onLink, isOver}) {
  let source = null;
  let timer = 0;
  let last = 0;
  let closed = false;

  function open() {
    if (closed) return;
    source = new EventSource(api.jobEventsURL(id, last));
    source.addEventListener("open", () => onLink(true));
    source.addEventListener("error", () => {
      if (closed) return;
      onLink(false);
      if (source.readyState === EventSource.CLOSED) later();
    });
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        const number = Number(event.lastEventId);
        if (number && number <= last) return;
        last = number || last;
        onEvent(kind, parsed(event.data));
        if (kind === "end") close();
      });
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const over = await isOver().catch(() => false);
      if (over) close();
      else open();
    }, PATIENCE_MILLISECONDS);
  }

  function close() {
    closed = true;
    clearTimeout(timer);
    source?.close();
  }

  open();
  return {close};
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
