// Shows events as they happen: opens the stream of the page, puts each row on top of the list, and says when the
// stream is broken. The browser reconnects after the last event that it got; when it gives up, this does.
(() => {
  'use strict';
  const SILENCE = 40000;
  const FIRST_PAUSE = 2000;
  const LONGEST_PAUSE = 60000;

  const start = list => {
    const body = list.querySelector('tbody');
    const status = document.getElementById('stream-status');
    const text = document.getElementById('stream-text');
    const toggle = document.getElementById('stream-toggle');
    const count = document.getElementById('stream-count');
    const empty = document.getElementById('stream-empty');
    const most = Number(list.dataset.most);
    let source = null;
    let last = null;
    let heard = Date.now();
    let pause = FIRST_PAUSE;
    let timer = null;
    let paused = false;
    let held = [];
    let shown = 0;

    const say = (kind, words) => {
      status.className = 'state ' + kind;
      if (text.textContent !== words) {
        text.textContent = words;
      }
    };

    const put = html => {
      const part = document.createElement('template');
      part.innerHTML = html;
      const row = part.content.querySelector('tr');
      if (!row || document.getElementById(row.id)) {
        return;
      }
      row.classList.add('fresh');
      body.prepend(row);
      shown += 1;
      list.hidden = false;
      empty.hidden = true;
      while (body.rows.length > most) {
        body.rows[body.rows.length - 1].remove();
      }
    };

    const counted = () => {
      count.textContent = paused
        ? held.length + (held.length === most ? ' or more' : '') + ' waiting'
        : shown + ' since this page was opened';
    };

    const alive = () => {
      heard = Date.now();
      pause = FIRST_PAUSE;
      say(paused ? 'warn' : 'good', paused ? 'Paused' : 'Live');
    };

    const close = () => {
      if (source !== null) {
        source.close();
        source = null;
      }
    };

    const later = words => {
      close();
      say('bad', words);
      clearTimeout(timer);
      timer = setTimeout(open, pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    };

    const ended = () => {
      // A session that has ended is answered with the page where people sign in.
      fetch(location.href, { redirect: 'manual', credentials: 'same-origin' }).then(answer => {
        if (answer.type === 'opaqueredirect') {
          say('bad', 'Your session has ended: reload the page to sign in');
        } else {
          later('Not connected; trying again. Nothing is lost');
        }
      }).catch(() => later('The node does not answer; trying again. Nothing is lost'));
    };

    const open = () => {
      const url = new URL(list.dataset.stream, location.href);
      if (last !== null) {
        url.searchParams.set('after', last);
      }
      heard = Date.now();
      source = new EventSource(url);
      source.onopen = alive;
      source.addEventListener('beat', alive);
      source.onmessage = event => {
        alive();
        last = event.lastEventId;
        if (paused) {
          held.push(event.data);
          if (held.length > most) {
            held.shift();
          }
        } else {
          put(event.data);
        }
        counted();
      };
      source.onerror = () => {
        if (source.readyState === EventSource.CLOSED) {
          close();
          ended();
        } else {
          say('bad', 'The connection broke; trying again. Nothing is lost');
        }
      };
    };

    toggle.addEventListener('click', () => {
      paused = !paused;
      toggle.textContent = paused ? 'Go on' : 'Pause';
      if (!paused) {
        held.forEach(put);
        held = [];
      }
      if (source !== null && source.readyState === EventSource.OPEN) {
        alive();
      }
      counted();
    });

    setInterval(() => {
      if (source !== null && Date.now() - heard > SILENCE) {
        later('The stream went silent; trying again. Nothing is lost');
      }
    }, 5000);

    toggle.hidden = false;
    counted();
    say('', 'Connecting');
    open();
  };

  const list = document.querySelector('[data-stream]');
  if (list) {
    start(list);
  }
})();
