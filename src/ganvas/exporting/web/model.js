// The model: what it knows of itself, and pictures of latents, by ONNX Runtime on one thread of this browser.
const about = JSON.parse(document.getElementById("about-model").textContent);
const XMP = JSON.parse(document.getElementById("xmp").textContent);
const [CHANNELS, HEIGHT, WIDTH] = about.image_shape;

function embedded(id) {
  const element = document.getElementById(id), text = atob(element.textContent.trim());
  element.remove();
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  return bytes;
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

let ort, session;

async function start() {
  const code = new Blob([new TextDecoder().decode(embedded("runtime-code"))], { type: "text/javascript" });
  const address = URL.createObjectURL(code);
  ort = await import(address);
  URL.revokeObjectURL(address);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = await inflated(embedded("runtime-wasm"));
  session = await ort.InferenceSession.create(await inflated(embedded("model")), { executionProviders: ["wasm"] });
}

// The latent of image `index` of a seed: the very one that `ganvas generate` draws.
function latentOf(seed, index) {
  if (about.latent_distribution === "normal") return Float32Array.from(normal(seed, "generate/latents", index, about.latent_size));
  return Float32Array.from(uniform(seed, "generate/latents", index, about.latent_size), (value) => 2 * value - 1);
}

// The class of image `index` of a seed where none is asked for.
const classOf = (seed, index) => Math.floor(uniform(seed, "generate/labels", index, 1)[0] * about.classes.length);

// What is added for the directions that are turned up: to latents, or to styles where the model has them.
function moved(strengths) {
  const offset = new Float32Array(about.styled ? about.style_size : about.latent_size);
  about.directions.forEach(({ vector, scale }, place) => {
    const strength = (strengths[place] ?? 0) * scale;
    if (strength) vector.forEach((value, at) => { offset[at] += strength * value; });
  });
  return offset;
}

// Pictures of orders {latent, label, seed, index}: a list of bytes [H, W, C].
async function drawn(orders, truncation = 1, strengths = []) {
  const num = orders.length, size = about.latent_size, offset = moved(strengths);
  const tensor = (values, ...shape) => new ort.Tensor(values instanceof BigInt64Array ? "int64" : "float32", values, [num, ...shape]);
  const latents = new Float32Array(num * size);
  orders.forEach(({ latent }, row) => latent.forEach((value, at) => {
    latents[row * size + at] = about.styled ? value : (truncation === 1 ? value : truncation * value) + offset[at];
  }));
  const feeds = { latents: tensor(latents, size) };
  if (about.classes.length) feeds.labels = tensor(BigInt64Array.from(orders, ({ label }) => BigInt(label)));
  if (about.styled) {
    feeds.truncation = tensor(new Float32Array(num).fill(truncation));
    const offsets = new Float32Array(num * offset.length);
    for (let row = 0; row < num; row++) offsets.set(offset, row * offset.length);
    feeds.style_offsets = tensor(offsets, offset.length);
  }
  for (const { input, layer, size: [height, width] } of about.noise) {
    const values = new Float32Array(num * height * width);
    orders.forEach(({ seed, index }, row) => {
      values.set(normal(seed, `generate/generator/${layer}`, index, height * width), row * height * width);
    });
    feeds[input] = tensor(values, 1, height, width);
  }
  const { images } = await session.run(feeds);
  const pictures = orders.map((_, row) => bytesOf(images.data, row, about.image_shape));
  images.dispose();
  return pictures;
}

// What lies a share of the way from one latent to another: on the arc between normal ones (Shoemake 1985).
function between(from, to, share) {
  if (share === 0) return from;
  let dot = 0, first = 0, second = 0;
  from.forEach((value, at) => { dot += value * to[at]; first += value * value; second += to[at] * to[at]; });
  const angle = Math.acos(Math.min(1, Math.max(-1, dot / Math.max(Math.sqrt(first * second), 1e-12))));
  const round = about.latent_distribution === "normal" && angle > 1e-3 && angle < Math.PI - 1e-3;
  const near = round ? Math.sin((1 - share) * angle) / Math.sin(angle) : 1 - share;
  const far = round ? Math.sin(share * angle) / Math.sin(angle) : share;
  return from.map((value, at) => near * value + far * to[at]);
}
