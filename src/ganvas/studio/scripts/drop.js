// The drop zone: walks what was dropped, and sends it in bodies of many files each (uploads.py says their form).
const BATCH_BYTES = 32 << 20, BATCH_FILES = 400;

function header(path, size) {
  const name = new TextEncoder().encode(path), view = new DataView(new ArrayBuffer(12));
  view.setUint32(0, name.length);
  view.setBigUint64(4, BigInt(size));
  return [view.buffer, name];
}

async function* entries_of(entry, path) {
  if (entry.isFile) yield { path: path + entry.name, file: await new Promise((found, lost) => entry.file(found, lost)) };
  if (!entry.isDirectory) return;
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((found, lost) => reader.readEntries(found, lost));
    if (!some.length) return;
    for (const inner of some) yield* entries_of(inner, `${path}${entry.name}/`);
  }
}

async function dropped(transfer) {
  const roots = [...transfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
  if (!roots.length) return [...transfer.files].map((file) => ({ path: file.name, file }));
  const found = [];
  for (const root of roots) for await (const one of entries_of(root, "")) found.push(one);
  return found;
}

function send(address, parts, told) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => told(event.loaded);
    request.onerror = () => failed(new Error("The studio cannot be reached. Is it still running?"));
    request.onload = () => {
      if (request.status === 200) return done();
      let said = request.responseText;
      try { const found = JSON.parse(said); said = found.detail || found.error.message; } catch { /* as it is */ }
      failed(new Error(said));
    };
    request.send(new Blob(parts));
  });
}

async function upload(zone, found) {
  const say = (words) => { zone.querySelector("[data-says]").textContent = words; };
  const bar = zone.querySelector("progress");
  if (!found.length) return say("There was no file in it.");
  const total = found.reduce((sum, one) => sum + one.file.size, 0);
  const stem = found[0].path.split("/")[0].replace(/\.[^.]*$/, "");
  const plain = stem.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 30) || "pictures";
  const name = `${plain}-${Date.now().toString(36)}`;
  bar.hidden = false;
  zone.setAttribute("aria-busy", "true");
  try {
    let sent = 0, parts = [], size = 0, num = 0;
    const flush = async () => {
      await send(`/uploads/${name}`, parts, (loaded) => { bar.value = (sent + Math.min(loaded, size)) / Math.max(1, total); });
      sent += size;
      [parts, size, num] = [[], 0, 0];
    };
    for (const [index, { path, file }] of found.entries()) {
      parts.push(...header(path, file.size), file);
      size += file.size;
      num += 1;
      if (size >= BATCH_BYTES || num >= BATCH_FILES) {
        say(`Copying ${index + 1} of ${found.length} files into the workspace`);
        await flush();
      }
    }
    if (num) await flush();
    say("All here.");
    location.href = `/data?source=uploads/${name}`;
  } catch (error) {
    say(error.message);
    bar.hidden = true;
  } finally {
    zone.removeAttribute("aria-busy");
  }
}

export function prepare(zone) {
  if (!zone || zone.dataset.ready) return;
  zone.dataset.ready = "yes";
  const over = (is) => (event) => { event.preventDefault(); zone.classList.toggle("over", is); };
  zone.addEventListener("dragenter", over(true));
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", async (event) => { over(false)(event); upload(zone, await dropped(event.dataTransfer)); });
  for (const input of zone.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", () => upload(zone, [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }))));
    zone.querySelector(`[data-opens=${input.id}]`).addEventListener("click", () => input.click());
  }
}
