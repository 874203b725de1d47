// MD5 (RFC 1321) over octets, given as an array of numbers.
function md5Hex(octets) {
  var shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
  var state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  var padded = octets.slice();
  padded.push(0x80);
  while (padded.length % 64 !== 56) { padded.push(0); }
  for (var at = 0, bits = octets.length * 8; at < 8; at += 1) {
    padded.push(Math.floor(bits / Math.pow(2, 8 * at)) % 256);
  }
  for (var block = 0; block < padded.length; block += 64) {
    state = md5Block(state, padded.slice(block, block + 64), shifts);
  }
  return state.map(hexOfWord).join('');
}

function md5Block(state, octets, shifts) {
  var a = state[0], b = state[1], c = state[2], d = state[3];
  for (var i = 0; i < 64; i += 1) {
    var round = i >> 4, mixed, word;
    if (round === 0) { mixed = (b & c) | (~b & d); word = i; }
    else if (round === 1) { mixed = (d & b) | (~d & c); word = (5 * i + 1) % 16; }
    else if (round === 2) { mixed = b ^ c ^ d; word = (3 * i + 5) % 16; }
    else { mixed = c ^ (b | ~d); word = (7 * i) % 16; }
    var number = octets[4 * word] | octets[4 * word + 1] << 8 | octets[4 * word + 2] << 16 | octets[4 * word + 3] << 24;
    var constant = Math.floor(Math.abs(Math.sin(i + 1)) * 4294967296) | 0;
    var sum = (a + mixed + constant + number) | 0, shift = shifts[4 * round + i % 4];
    a = d;
    d = c;
    c = b;
    b = (b + (sum << shift | sum >>> (32 - shift))) | 0;
  }
  return [(state[0] + a) | 0, (state[1] + b) | 0, (state[2] + c) | 0, (state[3] + d) | 0];
}

function hexOfWord(word) {
  var digits = '';
  for (var at = 0; at < 4; at += 1) {
    digits += ('0' + (word >>> 8 * at & 255).toString(16)).slice(-2);
  }
  return digits;
}

// What RouterOS writes as one character an octet.
function octetsOf(text) {
  return text.split('').map(function (character) { return character.charCodeAt(0) & 255; });
}

function utf8Of(text) {
  return octetsOf(unescape(encodeURIComponent(text)));
}
