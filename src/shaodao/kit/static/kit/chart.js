// Draws a chart from the JSON beside it, when it is looked at; the table under it says the same.

import { onTheme, token, whenSeen } from "./dom.js";
import { say } from "./words.js";

const LIBRARY = new URL("../vendor/echarts/echarts.min.js", import.meta.url).href;
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect", "pin"];
const DASHES = ["solid", [6, 4], [2, 3], [10, 4, 2, 4], [1, 4], [12, 6]];

function options(chart) {
  const text = { color: token("ink-2"), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.8 };
  const line = { lineStyle: { color: token("line") } };
  const isBars = chart.type !== "line";
  const categories = { type: "category", data: chart.labels, axisLine: { lineStyle: { color: token("line-strong") } }, axisTick: { show: false }, axisLabel: text };
  const values = { type: "value", splitLine: line, axisLabel: text, name: chart.unit || "", nameTextStyle: text, minInterval: chart.unit === "%" ? 0 : 1 };
  return {
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    aria: { enabled: true, decal: { show: isBars && chart.series.length > 1 } },
    textStyle: text,
    color: [1, 2, 3, 4, 5, 6].map((n) => token(`chart-${n}`)),
    grid: { left: 8, right: 12, top: chart.series.length > 1 ? 36 : chart.unit ? 28 : 12, bottom: 4, containLabel: true },
    legend: { show: chart.series.length > 1, top: 0, textStyle: text },
    tooltip: { trigger: "axis", backgroundColor: token("surface"), borderColor: token("line"), textStyle: { color: token("ink"), fontFamily: text.fontFamily }, axisPointer: { type: isBars ? "shadow" : "line" } },
    xAxis: chart.across ? values : categories,
    yAxis: chart.across ? { ...categories, inverse: true } : values,
    series: chart.series.map((one, index) => ({
      name: one.name,
      type: isBars ? "bar" : "line",
      data: one.values,
      stack: chart.type === "stacked" ? "all" : undefined,
      barMaxWidth: 28,
      symbol: SYMBOLS[index % SYMBOLS.length],
      symbolSize: 7,
      lineStyle: { width: 2.5, type: DASHES[index % DASHES.length] },
    })),
  };
}

async function draw(element) {
  const source = document.getElementById(element.dataset.chart);
  try {
    await import(LIBRARY); // not a module: it leaves itself in the window
    const { echarts } = window;
    const chart = JSON.parse(source.textContent);
    const drawing = echarts.init(element, null, { renderer: "svg" });
    drawing.setOption(options(chart));
    new ResizeObserver(() => drawing.resize()).observe(element);
    onTheme(() => drawing.setOption(options(chart), true));
    window.addEventListener("beforeprint", () => drawing.resize());
  } catch (error) {
    console.error(error);
    element.textContent = say("chartFailed");
    element.closest("figure")?.querySelector("details")?.setAttribute("open", "");
  }
}

export function enhance(element) {
  whenSeen(element, () => draw(element));
}
