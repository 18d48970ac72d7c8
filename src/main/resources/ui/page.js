// What the pages need besides htmx: they say when the node does not answer, ask before an action that
// cannot be undone, and leave a part alone while somebody uses it.
(() => {
  'use strict';
  let since = null;

  const banner = () => document.getElementById('connection');

  const lost = () => {
    const live = document.querySelector('[data-as-of]');
    if (since === null) {
      since = (live && live.dataset.asOf) || 'before';
    }
    document.getElementById('connection-since').textContent = since;
    banner().hidden = false;
    document.body.classList.add('stale');
  };

  const back = () => {
    since = null;
    banner().hidden = true;
    document.body.classList.remove('stale');
  };

  const refreshesItself = element => element.hasAttribute('hx-trigger') && element.classList.contains('live');

  document.addEventListener('htmx:sendError', lost);
  document.addEventListener('htmx:timeout', lost);
  document.addEventListener('htmx:responseError', event => {
    if (event.detail.xhr.status >= 500) {
      lost();
    }
  });
  document.addEventListener('htmx:afterOnLoad', event => {
    if (event.detail.xhr.status < 400) {
      back();
    }
  });

  document.addEventListener('htmx:beforeRequest', event => {
    const element = event.detail.elt;
    if (!refreshesItself(element)) {
      return;
    }
    const focused = document.activeElement;
    const selection = document.getSelection();
    const selecting = selection && !selection.isCollapsed && element.contains(selection.anchorNode);
    const inUse = focused && focused !== element && element.contains(focused) && !focused.id;
    if (document.hidden || selecting || inUse) {
      event.preventDefault();
    }
  });

  document.addEventListener('submit', event => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
    }
  });

  // On a narrow screen the navigation scrolls: the page that is shown comes into view.
  const current = document.querySelector('.bar nav a[aria-current]');
  if (current) {
    const nav = current.closest('nav');
    nav.scrollLeft = current.offsetLeft - (nav.clientWidth - current.offsetWidth) / 2;
  }
})();
