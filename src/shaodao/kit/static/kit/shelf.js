// What a page keeps on this phone: rows of one kind, each under its key, in the browser's own database.

/** Return what reads and writes the rows of `store` in the database `base`; it is opened when first asked. */
export function shelf(base, store) {
  let opened;
  function open() {
    opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(base, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(store, { keyPath: "key" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return opened;
  }
  async function within(mode, work) {
    const transaction = (await open()).transaction(store, mode);
    const request = work(transaction.objectStore(store));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }
  return {
    all: () => within("readonly", (rows) => rows.getAll()),
    get: (key) => within("readonly", (rows) => rows.get(key)),
    put: (row) => within("readwrite", (rows) => rows.put(row)),
    drop: (key) => within("readwrite", (rows) => rows.delete(key)),
  };
}

/** Make a version 4 UUID; crypto.randomUUID exists only on encrypted connections. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
