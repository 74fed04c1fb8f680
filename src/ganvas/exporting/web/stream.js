// The draws of ganvas.seeds.Stream, to the bit: words of Philox4x64-10 whose key is BLAKE2b of "seed/purpose/step".
const WORD = (1n << 64n) - 1n;

const BLAKE_START = [
  0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
];
const BLAKE_ORDER = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4], [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13], [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11], [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5], [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];
const BLAKE_PLACES = [
  [0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15], [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14],
];

const turned = (word, bits) => (word >> bits) | ((word << (64n - bits)) & WORD);

// The first two words of BLAKE2b (RFC 7693) with a digest of 16 bytes.
function blake2b(text) {
  const bytes = new TextEncoder().encode(text);
  const blocks = Math.max(1, Math.ceil(bytes.length / 128));
  const padded = new DataView(new ArrayBuffer(blocks * 128));
  bytes.forEach((byte, place) => padded.setUint8(place, byte));
  const state = [...BLAKE_START];
  state[0] ^= 0x01010000n ^ 16n;
  for (let block = 0; block < blocks; block++) {
    const last = block === blocks - 1;
    const message = Array.from({ length: 16 }, (_, word) => padded.getBigUint64(block * 128 + word * 8, true));
    const v = [...state, ...BLAKE_START];
    v[12] ^= BigInt(last ? bytes.length : (block + 1) * 128);
    if (last) v[14] ^= WORD;
    for (let round = 0; round < 12; round++) {
      const order = BLAKE_ORDER[round % 10];
      BLAKE_PLACES.forEach(([a, b, c, d], pair) => {
        v[a] = (v[a] + v[b] + message[order[2 * pair]]) & WORD;
        v[d] = turned(v[d] ^ v[a], 32n);
        v[c] = (v[c] + v[d]) & WORD;
        v[b] = turned(v[b] ^ v[c], 24n);
        v[a] = (v[a] + v[b] + message[order[2 * pair + 1]]) & WORD;
        v[d] = turned(v[d] ^ v[a], 16n);
        v[c] = (v[c] + v[d]) & WORD;
        v[b] = turned(v[b] ^ v[c], 63n);
      });
    }
    for (let word = 0; word < 8; word++) state[word] ^= v[word] ^ v[word + 8];
  }
  return [state[0], state[1]];
}

// Four words of one counter: Philox4x64-10 (Salmon et al. 2011).
function philox(counter, key) {
  let [a, b, c, d] = [counter & WORD, (counter >> 64n) & WORD, 0n, 0n];
  let [first, second] = key;
  for (let round = 0; round < 10; round++) {
    const left = 0xd2e7470ee14c6c93n * a, right = 0xca5a826395121157n * c;
    [a, b, c, d] = [(right >> 64n) ^ b ^ first, right & WORD, (left >> 64n) ^ d ^ second, left & WORD];
    first = (first + 0x9e3779b97f4a7c15n) & WORD;
    second = (second + 0xbb67ae8584caa73bn) & WORD;
  }
  return [a, b, c, d];
}

// Values uniform in [0, 1), 53 bits each, of sample `index`; its counters are as many as its values need.
function uniform(seed, purpose, index, num) {
  const key = blake2b(`${seed}/${purpose}/0`);
  const blocks = Math.ceil(num / 4), values = new Float64Array(blocks * 4);
  const begin = BigInt(index) * BigInt(blocks) + 1n; // numpy counts up before it draws
  for (let block = 0; block < blocks; block++) {
    philox(begin + BigInt(block), key).forEach((word, lane) => {
      values[4 * block + lane] = Number(word >> 11n) * 2 ** -53;
    });
  }
  return values.subarray(0, num);
}

// Standard normal values (Box and Muller 1958).
function normal(seed, purpose, index, num) {
  const pairs = Math.ceil(num / 2), unit = uniform(seed, purpose, index, 2 * pairs), values = new Float64Array(2 * pairs);
  for (let pair = 0; pair < pairs; pair++) {
    const radius = Math.sqrt(-2 * Math.log1p(-unit[pair])), angle = 2 * Math.PI * unit[pairs + pair];
    values[pair] = radius * Math.cos(angle);
    values[pairs + pair] = radius * Math.sin(angle);
  }
  return values.subarray(0, num);
}
