// A drawn picture: its bytes on a canvas, and a PNG file that says where it comes from.
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

// A chunk iTXt, not compressed, of a PNG file.
function textChunk(keyword, text) {
  const content = new TextEncoder().encode(`iTXt${keyword}\0\0\0\0\0${text}`);
  const chunk = new Uint8Array(content.length + 8), view = new DataView(chunk.buffer);
  view.setUint32(0, content.length - 4);
  chunk.set(content, 4);
  view.setUint32(content.length + 4, crc32(content));
  return chunk;
}

// What a picture says of its making, as one line of JSON; a seed may be longer than a number of JavaScript.
function provenanceOf({ seed, index = null, label = null, settings = {} }) {
  const facts = { ...about.provenance, seed: "SEED", index, label, settings };
  const known = Object.entries(facts).filter(([, value]) => value !== null);
  return JSON.stringify(Object.fromEntries(known)).replace('"seed":"SEED"', () => `"seed":${seed}`);
}

// A canvas as a PNG file with its provenance: as text, and in the XMP by which agencies mark synthetic pictures.
async function pngOf(canvas, provenance) {
  const plain = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const bytes = new Uint8Array(await plain.arrayBuffer()), behindHeader = 33;
  const escaped = provenance.replace(/[&<>]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[letter]);
  const packet = XMP.replace(/(<ganvas:provenance>)[^<]*/, (_, tag) => tag + escaped);
  const chunks = [textChunk("ganvas", provenance), textChunk("XML:com.adobe.xmp", packet)];
  return new Blob([bytes.subarray(0, behindHeader), ...chunks, bytes.subarray(behindHeader)], { type: "image/png" });
}

// The nearest byte of a value in [-1, 1], ties to even, in the single precision that torch has.
function byteOf(value) {
  const scaled = Math.fround(Math.fround(value + 1) * 127.5);
  let rounded = Math.round(scaled);
  if (rounded - scaled === 0.5 && rounded % 2) rounded -= 1;
  return Math.min(255, Math.max(0, rounded));
}

// Image `row` of values [N, C, H, W] as bytes [H, W, C].
function bytesOf(values, row, [channels, height, width]) {
  const places = height * width, bytes = new Uint8ClampedArray(places * channels);
  for (let place = 0; place < places; place++) {
    for (let channel = 0; channel < channels; channel++) {
      bytes[place * channels + channel] = byteOf(values[(row * channels + channel) * places + place]);
    }
  }
  return bytes;
}

function paint(canvas, bytes, [channels, height, width]) {
  const image = new ImageData(width, height);
  for (let place = 0; place < height * width; place++) {
    for (let lane = 0; lane < 4; lane++) {
      const channel = channels < 3 ? (lane < 3 ? 0 : channels === 2 ? 1 : -1) : lane < channels ? lane : -1;
      image.data[4 * place + lane] = channel < 0 ? 255 : bytes[place * channels + channel];
    }
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}
