// The page: what is asked for, drawn as soon as it is asked, in small batches so that the page stays quick.
const $ = (id) => document.getElementById(id);
const stage = $("pictures"), status = $("status"), large = $("large"), form = $("controls");
const LARGEST_SEED = 2n ** 63n - 1n;
let turn = 0, msPerPicture = 30, shown = [], walking = 0, walkPlace = 0, inLarge = 0;

const mode = () => form.elements.mode.value;
const names = about.classes;
const labelWanted = () => (names.length && $("class").value !== "" ? Number($("class").value) : null);

function settings() {
  const strengths = about.directions.map((_, place) => Number($(`direction-${place}`).value));
  return { seed: seedOf(), truncation: Number($("truncation").value), strengths };
}

function seedOf() {
  const text = $("seed").value.trim(), good = /^[0-9]{1,19}$/.test(text) && BigInt(text) <= LARGEST_SEED;
  $("seed").setCustomValidity(good ? "" : "A whole number from 0 to 9223372036854775807.");
  return good ? String(BigInt(text)) : null;
}

// Image `index` of a seed as an order; of the class wanted, else of its row's, else of the class drawn with it.
function order(seed, index, label = labelWanted()) {
  return { seed, index, label: names.length ? label ?? classOf(seed, index) : 0, latent: latentOf(seed, index) };
}

function orders(seed) {
  if (mode() === "walk") return [order(seed, 0)];
  if (mode() === "grid") return Array.from({ length: Number($("num").value) }, (_, index) => order(seed, index));
  const columns = rowLength();
  return names.flatMap((_, label) => Array.from({ length: columns }, (_, at) => order(seed, label * columns + at, label)));
}

const rowLength = () => (window.innerWidth <= 760 ? 6 : 10);

function describe({ seed, index, label }) {
  const kind = names.length ? `, class ${names[label]}` : "";
  return mode() === "walk" ? `A walk from image to image of seed ${seed}${kind}` : `Image ${index} of seed ${seed}${kind}`;
}

// Tiles for orders; those that are there already are kept, so that nothing flickers.
function lay(wanted) {
  const rows = mode() === "rows", columns = rows ? rowLength() : Math.ceil(Math.sqrt(wanted.length));
  stage.className = mode() + (Math.max(HEIGHT, WIDTH) > 100 ? " smooth" : "");
  stage.style.gridTemplateColumns = rows ? `fit-content(7rem) repeat(${columns}, minmax(0, 1fr))` : `repeat(${columns}, minmax(0, 1fr))`;
  stage.style.maxWidth = mode() === "walk" ? "" : `${Math.max(columns * Math.max(112, WIDTH), 576) + (rows ? 112 : 0)}px`;
  const plan = `${mode()}/${wanted.length}/${columns}`;
  if (stage.dataset.plan !== plan) {
    stage.dataset.plan = plan;
    stage.replaceChildren();
    wanted.forEach((one, place) => {
      if (rows && place % columns === 0) {
        stage.append(Object.assign(document.createElement("span"), { className: "row-name", textContent: names[one.label] }));
      }
      const tile = Object.assign(document.createElement("button"), { type: "button", className: "tile" });
      tile.append(document.createElement("canvas"));
      tile.addEventListener("click", () => enlarge(place));
      stage.append(tile);
    });
  }
  [...stage.querySelectorAll(".tile")].forEach((tile, place) => tile.setAttribute("aria-label", describe(wanted[place])));
}

async function draw() {
  const mine = ++turn, asked = settings();
  if (!session) return;
  if (asked.seed === null) { status.textContent = "The seed is a whole number from 0 to 9223372036854775807."; return; }
  const wanted = orders(asked.seed), began = performance.now();
  lay(wanted);
  shown = wanted.map((one) => ({ ...one, asked, bytes: null }));
  const mineShown = shown, canvases = [...stage.querySelectorAll("canvas")];
  for (let done = 0; done < wanted.length;) {
    const num = Math.min(16, Math.max(1, Math.floor(60 / msPerPicture)), wanted.length - done), since = performance.now();
    const pictures = await drawn(wanted.slice(done, done + num), asked.truncation, asked.strengths);
    if (mine !== turn) return;
    pictures.forEach((bytes, row) => {
      mineShown[done + row].bytes = bytes;
      paint(canvases[done + row], bytes, about.image_shape);
    });
    document.body.dataset.first = "true";
    msPerPicture = (performance.now() - since) / num;
    done += num;
    await new Promise((resolve) => setTimeout(resolve));
    if (mine !== turn) return;
  }
  const each = (performance.now() - began) / wanted.length;
  if (!walking) status.textContent = `${wanted.length} picture${wanted.length > 1 ? "s" : ""} of seed ${asked.seed}, ${each.toFixed(each < 10 ? 1 : 0)} ms each`;
  $("save").disabled = false;
  document.body.dataset.drawn = String(mine);
}

// What a picture was made with beside seed and index, as far as it is not the usual.
function settingsOf({ truncation, strengths, walk }) {
  const told = { drawn_by: "web page" };
  if (truncation !== 1) told.truncation = truncation;
  const turnedUp = about.directions.map(({ name }, place) => [name, strengths[place]]).filter(([, strength]) => strength);
  if (turnedUp.length) told.directions = Object.fromEntries(turnedUp);
  if (walk !== undefined) told.walk = walk;
  return told;
}

function provenance({ seed, index, label, asked }) {
  return provenanceOf({ seed, index, label: names.length ? names[label] : null, settings: settingsOf(asked) });
}

async function save(canvas, facts, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await pngOf(canvas, facts));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// All that is shown, on one sheet.
function sheet() {
  const canvas = document.createElement("canvas"), gap = 2;
  const columns = mode() === "rows" ? rowLength() : Math.ceil(Math.sqrt(shown.length));
  canvas.width = columns * (WIDTH + gap) + gap;
  canvas.height = Math.ceil(shown.length / columns) * (HEIGHT + gap) + gap;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  [...stage.querySelectorAll("canvas")].forEach((tile, place) => {
    context.drawImage(tile, gap + (place % columns) * (WIDTH + gap), gap + Math.floor(place / columns) * (HEIGHT + gap));
  });
  return canvas;
}

function fileName(one) {
  return `${about.file_name}-seed${one.seed}-${mode() === "walk" ? "walk" : String(one.index).padStart(6, "0")}.png`;
}

function enlarge(place) {
  const one = shown[place];
  if (!one?.bytes) return;
  inLarge = place;
  const canvas = large.querySelector("canvas");
  paint(canvas, one.bytes, about.image_shape);
  canvas.setAttribute("aria-label", describe(one));
  large.className = Math.max(HEIGHT, WIDTH) > 100 ? "smooth" : "";
  $("large-title").textContent = describe(one);
  $("large-facts").textContent = `Variety ${one.asked.truncation}; ${WIDTH} x ${HEIGHT} pixels.`;
  if (!large.open) large.showModal();
}

// A walk goes from image 0 of the seed to 1, to 2, and back to 0 after the eighth.
async function walk() {
  const mine = ++walking, stops = 8;
  let last = performance.now(), busy = 0;
  while (mine === walking && mode() === "walk") {
    await new Promise((resolve) => setTimeout(resolve, Math.max(4, 33 - busy)));
    if (mine !== walking) return;
    const now = performance.now(), asked = settings();
    walkPlace = (walkPlace + Math.min(0.25, (now - last) / 1000) / Number($("pace").value)) % stops;
    last = now;
    if (asked.seed === null) continue;
    const from = Math.floor(walkPlace), one = order(asked.seed, 0);
    one.latent = between(latentOf(asked.seed, from), latentOf(asked.seed, (from + 1) % stops), walkPlace - from);
    const [bytes] = await drawn([one], asked.truncation, asked.strengths);
    busy = performance.now() - now;
    if (mine !== walking || mode() !== "walk") return;
    shown = [{ ...one, asked: { ...asked, walk: walkPlace }, bytes }];
    paint(stage.querySelector("canvas"), bytes, about.image_shape);
    status.textContent = `Between images ${from} and ${(from + 1) % stops} of seed ${asked.seed}`;
  }
}

function play(on) {
  $("play").setAttribute("aria-pressed", String(on));
  $("play").textContent = on ? "Pause" : "Play";
  if (on) walk();
  else walking = 0;
}

function changed() {
  const walks = mode() === "walk";
  $("walk-field").hidden = !walks;
  $("num-field").hidden = mode() !== "grid";
  if (names.length) $("class-field").hidden = mode() === "rows";
  if (!walks) play(false);
  return walking ? null : draw();
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", ({ target }) => {
  if (target.type === "range") target.nextElementSibling.textContent = target.value;
  if (target.id !== "pace") changed();
});
$("new-seed").addEventListener("click", () => {
  $("seed").value = String(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000);
  walkPlace = 0;
  changed();
});
$("play").addEventListener("click", () => play(!walking));
$("reset").addEventListener("click", () => {
  form.querySelectorAll("input[type=range]").forEach((slider) => {
    slider.value = slider.defaultValue;
    slider.nextElementSibling.textContent = slider.value;
  });
  changed();
});
$("save").addEventListener("click", () => {
  if (shown.length === 1) return save(stage.querySelector("canvas"), provenance(shown[0]), fileName(shown[0]));
  const { seed, asked } = shown[0], label = mode() === "grid" && labelWanted() !== null ? names[labelWanted()] : null;
  const facts = provenanceOf({ seed, index: 0, label, settings: { ...settingsOf(asked), images: shown.length } });
  return save(sheet(), facts, `${about.file_name}-seed${shown[0].seed}-sheet.png`);
});
$("large-save").addEventListener("click", () => save(large.querySelector("canvas"), provenance(shown[inLarge]), fileName(shown[inLarge])));
$("large-close").addEventListener("click", () => large.close());
large.addEventListener("keydown", ({ key }) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  if (step && shown[inLarge + step]) enlarge(inLarge + step);
});
document.documentElement.style.setProperty("--shape", `${WIDTH} / ${HEIGHT}`);

// For whoever opens the console, and for the tests of this page.
window.ganvas = { about, latentOf, classOf, normal, uniform, drawn, pngOf, provenance: provenanceOf };
window.ganvas.ready = start().then(draw, (error) => {
  status.textContent = `This browser cannot run the model: ${error.message ?? error}. A browser of 2023 or later can.`;
  throw error;
});
