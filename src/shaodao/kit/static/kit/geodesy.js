// How long a line and how large a ground is, in metres, on the mean sphere: within 0.5 %, enough to
// show while drawing; the server measures what it keeps.

const RADIUS_M = 6371008.8; // mean radius of the earth
const radians = (degrees) => degrees * Math.PI / 180;

function distance([lon1, lat1], [lon2, lat2]) {
  const a = Math.sin(radians(lat2 - lat1) / 2) ** 2
    + Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * Math.sin(radians(lon2 - lon1) / 2) ** 2;
  return 2 * RADIUS_M * Math.asin(Math.sqrt(a));
}

/** Return the length in metres of [[lon, lat], …]. */
export function lineLength(line) {
  return line.slice(1).reduce((sum, place, index) => sum + distance(line[index], place), 0);
}

/** Return the area in square metres inside the corners [[lon, lat], …] of a small ground. */
export function ringArea(ring) {
  const wide = Math.cos(radians(ring[0][1])) * RADIUS_M;
  const flat = ring.map(([lon, lat]) => [radians(lon - ring[0][0]) * wide, radians(lat - ring[0][1]) * RADIUS_M]);
  return Math.abs(flat.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = flat[(index + 1) % flat.length];
    return sum + x * nextY - nextX * y;
  }, 0)) / 2;
}
