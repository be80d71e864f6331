// Reads from a JPEG's EXIF block where the photo was taken. Phones write WGS 84 there.

const GPS_IFD = 0x8825, LAT_REF = 1, LAT = 2, LON_REF = 3, LON = 4;

function app1(view) {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 4 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1), length = view.getUint16(at + 2);
    if (marker === 0xda) return null;
    if (marker === 0xe1 && view.getUint32(at + 4) === 0x45786966) return at + 10;
    at += 2 + length;
  }
  return null;
}

function entries(view, base, offset, little) {
  const found = new Map();
  const count = view.getUint16(base + offset, little);
  for (let n = 0; n < count; n++) {
    const entry = base + offset + 2 + 12 * n;
    found.set(view.getUint16(entry, little), entry);
  }
  return found;
}

function degrees(view, base, entry, little) {
  const at = base + view.getUint32(entry + 8, little);
  const part = (n) => view.getUint32(at + 8 * n, little) / (view.getUint32(at + 8 * n + 4, little) || 1);
  return part(0) + part(1) / 60 + part(2) / 3600;
}

/** Return {lon, lat} of a JPEG file, or null where it does not say. */
export async function position(file) {
  try {
    const view = new DataView(await file.slice(0, 256 * 1024).arrayBuffer());
    const base = app1(view);
    if (base == null) return null;
    const little = view.getUint16(base) === 0x4949;
    const first = entries(view, base, view.getUint32(base + 4, little), little);
    if (!first.has(GPS_IFD)) return null;
    const gps = entries(view, base, view.getUint32(first.get(GPS_IFD) + 8, little), little);
    if (!gps.has(LAT) || !gps.has(LON)) return null;
    const sign = (entry, negative) => (entry && String.fromCharCode(view.getUint8(entry + 8)) === negative ? -1 : 1);
    const lat = sign(gps.get(LAT_REF), "S") * degrees(view, base, gps.get(LAT), little);
    const lon = sign(gps.get(LON_REF), "W") * degrees(view, base, gps.get(LON), little);
    return Number.isFinite(lat) && Number.isFinite(lon) && (lat || lon) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lon, lat } : null;
  } catch {
    return null; // a block cut short or written wrongly says nothing
  }
}
