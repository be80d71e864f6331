// "Take my position along": asks the phone where it is and puts it into the form, on a tap only.

const SAID = document.documentElement.lang.startsWith("en")
  ? { asking: "Locating…", done: "Position taken", none: "No position; you can go on without it" }
  : { asking: "正在定位…", done: "已带上位置", none: "没有定到位，不影响提交" };

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-here]");
  if (!button) return;
  const field = document.getElementById(button.dataset.here);
  const text = button.querySelector("span") ?? button;
  if (!window.isSecureContext || !navigator.geolocation) { text.textContent = SAID.none; return; }
  text.textContent = SAID.asking;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      field.value = `${coords.longitude.toFixed(6)},${coords.latitude.toFixed(6)}`;
      text.textContent = SAID.done;
      button.classList.add("primary");
    },
    () => { text.textContent = SAID.none; },
    { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 },
  );
});
