// The language of the page, and the proof of the password that is sent in its place.
(function () {
  var choice = document.getElementById('language');

  function known(code) {
    return Object.prototype.hasOwnProperty.call(infora.texts, code);
  }

  function remembered() {
    try { return window.localStorage.getItem('infora-language'); } catch (unavailable) { return null; }
  }

  function preferred() {
    var wanted = [remembered()].concat(navigator.languages || [navigator.language]);
    for (var i = 0; i < wanted.length; i += 1) {
      var code = String(wanted[i] || '').slice(0, 2).toLowerCase();
      if (known(code)) { return code; }
    }
    return infora.fallback;
  }

  function speak(code) {
    document.documentElement.lang = code;
    document.documentElement.dir = infora.rightToLeft.indexOf(code) < 0 ? 'ltr' : 'rtl';
    Array.prototype.forEach.call(document.querySelectorAll('[data-text]'), function (element) {
      element.textContent = infora.texts[code][element.getAttribute('data-text')];
    });
    choice.value = code;
  }

  choice.addEventListener('change', function () {
    try { window.localStorage.setItem('infora-language', choice.value); } catch (unavailable) { /* a private window */ }
    speak(choice.value);
  });
  speak(preferred());
}());

// CHAP (RFC 1994): the digest of id, password and challenge goes over the air, and the password stays here.
function proveBy(id, challenge) {
  var form = document.getElementById('login');
  form.addEventListener('submit', function (event) {
    event.preventDefault();
    var proof = document.getElementById('proof');
    proof.elements.username.value = form.elements.username.value;
    proof.elements.password.value = md5Hex(
      octetsOf(id).concat(utf8Of(form.elements.password.value), octetsOf(challenge))
    );
    proof.submit();
  });
}
