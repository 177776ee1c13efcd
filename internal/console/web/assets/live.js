// Looks again at what a page says of the present, so that nobody has to reload it. Everything works without.
(() => {
  "use strict";
  const longest = 60;
  let failures = 0;

  function live() {
    return [...document.querySelectorAll("[data-live][id]")];
  }

  // What somebody types in, has opened or selected stays as it is.
  function inUse(part) {
    const selection = document.getSelection();
    return part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea, button, summary") ||
      part.querySelector("details[open]") !== null ||
      (selection !== null && !selection.isCollapsed && part.contains(selection.anchorNode));
  }

  async function look() {
    if (document.hidden) {
      return;
    }
    const answer = await fetch(location.href, { cache: "no-store", redirect: "manual", credentials: "same-origin" });
    if (answer.type === "opaqueredirect") {
      location.reload(); // nobody is signed in any more
      return;
    }
    if (!answer.ok) {
      throw new Error(`status ${answer.status}`);
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of live()) {
      const now = fresh.getElementById(part.id);
      if (now !== null && now.innerHTML !== part.innerHTML && !inUse(part)) {
        part.replaceWith(document.importNode(now, true));
      }
    }
  }

  async function again() {
    try {
      await look();
      failures = 0;
    } catch {
      failures++;
    }
    plan();
  }

  function plan() {
    const parts = live();
    if (parts.length === 0) {
      return;
    }
    const every = Math.min(...parts.map((part) => Number(part.dataset.live) || longest));
    setTimeout(again, 1000 * Math.min(longest, every * 2 ** Math.min(failures, 6)));
  }

  plan();
})();
