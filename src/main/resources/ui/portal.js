// Moves the token of a portal link from the address, which the browser keeps in its history, into the form.
(() => {
  'use strict';
  const field = document.getElementById('token');
  const token = location.hash.slice(1);
  if (field && token) {
    field.value = token;
    history.replaceState(null, '', location.pathname);
    document.getElementById('token-field').hidden = true;
    document.getElementById('open').focus();
  }
})();
